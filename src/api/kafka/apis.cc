#include "api/kafka/apis.h"

#include <array>

namespace tidemill::kafka {

extern const ApiEntry kProduce, kFetch, kListOffsets, kMetadata, kOffsetCommit, kOffsetFetch, kFindCoordinator,
    kJoinGroup, kHeartbeat, kLeaveGroup, kSyncGroup, kDescribeGroups, kListGroups, kSaslHandshake, kApiVersions,
    kCreateTopics, kDeleteTopics, kDeleteRecords, kInitProducerId, kAddPartitionsToTxn, kAddOffsetsToTxn, kEndTxn,
    kTxnOffsetCommit, kDescribeConfigs, kAlterConfigs, kSaslAuthenticate, kCreatePartitions, kDeleteGroups,
    kIncrementalAlterConfigs, kListPartitionReassignments, kOffsetDelete, kDescribeCluster, kConsumerGroupHeartbeat,
    kConsumerGroupDescribe;

std::span<const ApiEntry* const> apis() {
  static constexpr const ApiEntry* kAll[] = {
      &kProduce,
      &kFetch,
      &kListOffsets,
      &kMetadata,
      &kOffsetCommit,
      &kOffsetFetch,
      &kFindCoordinator,
      &kJoinGroup,
      &kHeartbeat,
      &kLeaveGroup,
      &kSyncGroup,
      &kDescribeGroups,
      &kListGroups,
      &kSaslHandshake,
      &kApiVersions,
      &kCreateTopics,
      &kDeleteTopics,
      &kDeleteRecords,
      &kInitProducerId,
      &kAddPartitionsToTxn,
      &kAddOffsetsToTxn,
      &kEndTxn,
      &kTxnOffsetCommit,
      &kDescribeConfigs,
      &kAlterConfigs,
      &kSaslAuthenticate,
      &kCreatePartitions,
      &kDeleteGroups,
      &kIncrementalAlterConfigs,
      &kListPartitionReassignments,
      &kOffsetDelete,
      &kDescribeCluster,
      &kConsumerGroupHeartbeat,
      &kConsumerGroupDescribe,
  };
  return kAll;
}

const ApiEntry* find_api(std::int16_t key) {
  for (const auto* entry : apis())
    if (entry->key == key) return entry;
  return nullptr;
}

}  // namespace tidemill::kafka
