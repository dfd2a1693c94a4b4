#include "api/dynamodb/api.h"
#include "api/dynamodb/request.h"

namespace tidemill::dynamodb {

extern const Operation kBatchExecuteStatement, kBatchGetItem, kBatchWriteItem, kCreateTable, kDeleteItem, kDeleteTable,
    kDescribeContinuousBackups, kDescribeEndpoints, kDescribeExport, kDescribeImport, kExportTableToPointInTime,
    kImportTable, kListExports, kListImports, kExecuteStatement, kExecuteTransaction, kDescribeLimits, kDescribeTable,
    kDescribeTimeToLive, kGetItem, kListTables, kListTagsOfResource, kPutItem, kQuery, kScan, kTagResource,
    kTransactGetItems, kTransactWriteItems, kUntagResource, kUpdateItem, kUpdateTable, kUpdateTimeToLive;
extern const Operation kCreateBackup, kDeleteBackup, kDescribeBackup, kListBackups, kRestoreTableFromBackup,
    kRestoreTableToPointInTime, kUpdateContinuousBackups, kPutResourcePolicy, kGetResourcePolicy, kDeleteResourcePolicy,
    kDescribeContributorInsights, kUpdateContributorInsights, kListContributorInsights,
    kEnableKinesisStreamingDestination, kDisableKinesisStreamingDestination, kDescribeKinesisStreamingDestination,
    kUpdateKinesisStreamingDestination;
extern const Operation kCreateGlobalTable, kDescribeGlobalTable, kDescribeGlobalTableSettings,
    kDescribeTableReplicaAutoScaling, kListGlobalTables, kUpdateGlobalTable, kUpdateGlobalTableSettings,
    kUpdateTableReplicaAutoScaling;

std::span<const Operation* const> operations() {
  static constexpr const Operation* kAll[] = {&kBatchExecuteStatement,
                                              &kCreateGlobalTable,
                                              &kDescribeGlobalTable,
                                              &kDescribeGlobalTableSettings,
                                              &kDescribeTableReplicaAutoScaling,
                                              &kListGlobalTables,
                                              &kUpdateGlobalTable,
                                              &kUpdateGlobalTableSettings,
                                              &kUpdateTableReplicaAutoScaling,
                                              &kExecuteStatement,
                                              &kExecuteTransaction,
                                              &kBatchGetItem,
                                              &kBatchWriteItem,
                                              &kCreateTable,
                                              &kDeleteItem,
                                              &kDeleteTable,
                                              &kDescribeContinuousBackups,
                                              &kDescribeEndpoints,
                                              &kDescribeExport,
                                              &kDescribeImport,
                                              &kExportTableToPointInTime,
                                              &kImportTable,
                                              &kListExports,
                                              &kListImports,
                                              &kDescribeLimits,
                                              &kDescribeTable,
                                              &kDescribeTimeToLive,
                                              &kGetItem,
                                              &kListTables,
                                              &kListTagsOfResource,
                                              &kPutItem,
                                              &kQuery,
                                              &kScan,
                                              &kTagResource,
                                              &kTransactGetItems,
                                              &kTransactWriteItems,
                                              &kUntagResource,
                                              &kUpdateItem,
                                              &kUpdateTable,
                                              &kUpdateTimeToLive,
                                              &kCreateBackup,
                                              &kDeleteBackup,
                                              &kDescribeBackup,
                                              &kListBackups,
                                              &kRestoreTableFromBackup,
                                              &kRestoreTableToPointInTime,
                                              &kUpdateContinuousBackups,
                                              &kPutResourcePolicy,
                                              &kGetResourcePolicy,
                                              &kDeleteResourcePolicy,
                                              &kDescribeContributorInsights,
                                              &kUpdateContributorInsights,
                                              &kListContributorInsights,
                                              &kEnableKinesisStreamingDestination,
                                              &kDisableKinesisStreamingDestination,
                                              &kDescribeKinesisStreamingDestination,
                                              &kUpdateKinesisStreamingDestination};
  return kAll;
}

Api::Api(tables::Tables& tables, transfers::Exports* exports, transfers::Imports* imports)
    : expressions_(std::make_unique<ExpressionCache>()),
      services_{.tables = tables, .expressions = *expressions_, .exports = exports, .imports = imports} {
  for (const auto* operation : dynamodb::operations()) by_info_[&operation->info] = operation;
  for (const auto& [info, operation] : by_info_) infos_.push_back(info);
}

Api::~Api() = default;

void Api::run(awsjson::Call call) {
  if (auto wrong = check_place(call.body(), call.scope())) return refuse(std::move(call), *std::move(wrong));
  const auto* operation = by_info_.at(&call.operation());
  operation->run(services_, std::move(call));
}

}  // namespace tidemill::dynamodb
