#include <algorithm>

#include "api/s3/operation.h"

namespace tidemill::s3 {
namespace {

constexpr std::string_view kFeatures[] = {"accelerate",
                                          "acl",
                                          "analytics",
                                          "append",
                                          "attributes",
                                          "cors",
                                          "delete",
                                          "encryption",
                                          "intelligent-tiering",
                                          "inventory",
                                          "legal-hold",
                                          "lifecycle",
                                          "location",
                                          "logging",
                                          "metadataConfiguration",
                                          "metadataTable",
                                          "metrics",
                                          "notification",
                                          "object-lock",
                                          "ownershipControls",
                                          "policy",
                                          "policyStatus",
                                          "publicAccessBlock",
                                          "renameObject",
                                          "replication",
                                          "requestPayment",
                                          "restore",
                                          "retention",
                                          "select",
                                          "session",
                                          "tagging",
                                          "torrent",
                                          "uploadId",
                                          "uploads",
                                          "versioning",
                                          "versions",
                                          "website"};

#define TM_S3_XML(name, inside)                                                                                     \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" name " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" inside \
  "</" name ">"

constexpr Fixed none(std::string_view code, std::string_view message) { return {404, code, message, ""}; }
constexpr Fixed xml(std::string_view body) { return {200, "", "", body}; }
constexpr Fixed kNothing{204, "", "", ""};
constexpr Fixed kNoAcls{400, "AccessControlListNotSupported", "The bucket does not allow ACLs", ""};

}  // namespace

bool is_feature(std::string_view parameter) { return std::ranges::find(kFeatures, parameter) != std::end(kFeatures); }

const std::vector<Operation>& operations() {
  using enum Level;
  static const std::vector<Operation> kAll = {
      {.name = "ListBuckets", .method = "GET", .level = kService, .action = "s3:ListAllMyBuckets", .run = list_buckets},

      {.name = "ListObjectVersions",
       .method = "GET",
       .parameter = "versions",
       .action = "s3:ListBucketVersions",
       .run = list_object_versions},
      {.name = "ListMultipartUploads",
       .method = "GET",
       .parameter = "uploads",
       .action = "s3:ListBucketMultipartUploads",
       .run = list_multipart_uploads},
      {.name = "GetBucketLocation",
       .method = "GET",
       .parameter = "location",
       .action = "s3:GetBucketLocation",
       .run = get_bucket_location},
      {.name = "ListObjectsV2",
       .method = "GET",
       .parameter = "list-type",
       .action = "s3:ListBucket",
       .run = list_objects_v2},
      {.name = "ListObjects", .method = "GET", .action = "s3:ListBucket", .run = list_objects},
      {.name = "HeadBucket", .method = "HEAD", .action = "s3:ListBucket", .run = head_bucket},
      {.name = "CreateBucket", .method = "PUT", .action = "s3:CreateBucket", .run = create_bucket},
      {.name = "DeleteBucket", .method = "DELETE", .action = "s3:DeleteBucket", .run = delete_bucket},
      {.name = "DeleteObjects", .method = "POST", .parameter = "delete", .run = delete_objects},

      {.name = "GetObjectAttributes",
       .method = "GET",
       .level = kObject,
       .parameter = "attributes",
       .action = "s3:GetObjectAttributes",
       .run = get_object_attributes},
      {.name = "ListParts",
       .method = "GET",
       .level = kObject,
       .parameter = "uploadId",
       .action = "s3:ListMultipartUploadParts",
       .run = list_parts},
      {.name = "GetObject", .method = "GET", .level = kObject, .action = "s3:GetObject", .run = get_object},
      {.name = "HeadObject", .method = "HEAD", .level = kObject, .action = "s3:GetObject", .run = head_object},
      {.name = "UploadPartCopy",
       .method = "PUT",
       .level = kObject,
       .parameter = "uploadId",
       .header = "x-amz-copy-source",
       .action = "s3:PutObject",
       .run = upload_part_copy},
      {.name = "UploadPart",
       .method = "PUT",
       .level = kObject,
       .parameter = "uploadId",
       .action = "s3:PutObject",
       .takes_body = true,
       .run = upload_part},
      {.name = "CopyObject",
       .method = "PUT",
       .level = kObject,
       .header = "x-amz-copy-source",
       .action = "s3:PutObject",
       .run = copy_object},
      {.name = "PutObject",
       .method = "PUT",
       .level = kObject,
       .action = "s3:PutObject",
       .takes_body = true,
       .run = put_object},
      {.name = "CreateMultipartUpload",
       .method = "POST",
       .level = kObject,
       .parameter = "uploads",
       .action = "s3:PutObject",
       .run = create_multipart_upload},
      {.name = "CompleteMultipartUpload",
       .method = "POST",
       .level = kObject,
       .parameter = "uploadId",
       .action = "s3:PutObject",
       .run = complete_multipart_upload},
      {.name = "AbortMultipartUpload",
       .method = "DELETE",
       .level = kObject,
       .parameter = "uploadId",
       .action = "s3:AbortMultipartUpload",
       .run = abort_multipart_upload},
      {.name = "DeleteObject", .method = "DELETE", .level = kObject, .action = "s3:DeleteObject", .run = delete_object},

      // What a bucket can have and ours never has: told as S3 tells it of a new bucket.
      {.name = "GetBucketVersioning",
       .method = "GET",
       .parameter = "versioning",
       .action = "s3:GetBucketVersioning",
       .fixed = xml(TM_S3_XML("VersioningConfiguration", ""))},
      {.name = "GetBucketAcl", .method = "GET", .parameter = "acl", .action = "s3:GetBucketAcl", .fixed = xml("acl")},
      {.name = "PutBucketAcl", .method = "PUT", .parameter = "acl", .action = "s3:PutBucketAcl", .fixed = kNoAcls},
      {.name = "GetBucketPolicy",
       .method = "GET",
       .parameter = "policy",
       .action = "s3:GetBucketPolicy",
       .fixed = none("NoSuchBucketPolicy", "The bucket policy does not exist")},
      {.name = "GetBucketPolicyStatus",
       .method = "GET",
       .parameter = "policyStatus",
       .action = "s3:GetBucketPolicyStatus",
       .fixed = none("NoSuchBucketPolicy", "The bucket policy does not exist")},
      {.name = "DeleteBucketPolicy",
       .method = "DELETE",
       .parameter = "policy",
       .action = "s3:DeleteBucketPolicy",
       .fixed = kNothing},
      {.name = "GetBucketTagging",
       .method = "GET",
       .parameter = "tagging",
       .action = "s3:GetBucketTagging",
       .run = get_bucket_tagging},
      {.name = "PutBucketTagging",
       .method = "PUT",
       .parameter = "tagging",
       .action = "s3:PutBucketTagging",
       .run = put_bucket_tagging},
      {.name = "DeleteBucketTagging",
       .method = "DELETE",
       .parameter = "tagging",
       .action = "s3:PutBucketTagging",
       .run = delete_bucket_tagging},
      {.name = "GetBucketLifecycleConfiguration",
       .method = "GET",
       .parameter = "lifecycle",
       .action = "s3:GetLifecycleConfiguration",
       .fixed = none("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")},
      {.name = "DeleteBucketLifecycle",
       .method = "DELETE",
       .parameter = "lifecycle",
       .action = "s3:PutLifecycleConfiguration",
       .fixed = kNothing},
      {.name = "GetBucketCors",
       .method = "GET",
       .parameter = "cors",
       .action = "s3:GetBucketCORS",
       .fixed = none("NoSuchCORSConfiguration", "The CORS configuration does not exist")},
      {.name = "DeleteBucketCors",
       .method = "DELETE",
       .parameter = "cors",
       .action = "s3:PutBucketCORS",
       .fixed = kNothing},
      {.name = "GetBucketWebsite",
       .method = "GET",
       .parameter = "website",
       .action = "s3:GetBucketWebsite",
       .fixed = none("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")},
      {.name = "DeleteBucketWebsite",
       .method = "DELETE",
       .parameter = "website",
       .action = "s3:DeleteBucketWebsite",
       .fixed = kNothing},
      {.name = "GetBucketReplication",
       .method = "GET",
       .parameter = "replication",
       .action = "s3:GetReplicationConfiguration",
       .fixed = none("ReplicationConfigurationNotFoundError", "The replication configuration was not found")},
      {.name = "GetBucketEncryption",
       .method = "GET",
       .parameter = "encryption",
       .action = "s3:GetEncryptionConfiguration",
       .fixed = xml(TM_S3_XML("ServerSideEncryptionConfiguration",
                              "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></"
                              "ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"))},
      {.name = "GetPublicAccessBlock",
       .method = "GET",
       .parameter = "publicAccessBlock",
       .action = "s3:GetBucketPublicAccessBlock",
       .fixed = xml(TM_S3_XML(
           "PublicAccessBlockConfiguration",
           "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</"
           "BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>"))},
      {.name = "GetBucketOwnershipControls",
       .method = "GET",
       .parameter = "ownershipControls",
       .action = "s3:GetBucketOwnershipControls",
       .fixed =
           xml(TM_S3_XML("OwnershipControls", "<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>"))},
      {.name = "GetBucketLogging",
       .method = "GET",
       .parameter = "logging",
       .action = "s3:GetBucketLogging",
       .fixed = xml(TM_S3_XML("BucketLoggingStatus", ""))},
      {.name = "GetBucketNotificationConfiguration",
       .method = "GET",
       .parameter = "notification",
       .action = "s3:GetBucketNotification",
       .fixed = xml(TM_S3_XML("NotificationConfiguration", ""))},
      {.name = "GetBucketRequestPayment",
       .method = "GET",
       .parameter = "requestPayment",
       .action = "s3:GetBucketRequestPayment",
       .fixed = xml(TM_S3_XML("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>"))},
      {.name = "GetBucketAccelerateConfiguration",
       .method = "GET",
       .parameter = "accelerate",
       .action = "s3:GetAccelerateConfiguration",
       .fixed = xml(TM_S3_XML("AccelerateConfiguration", ""))},
      {.name = "GetObjectLockConfiguration",
       .method = "GET",
       .parameter = "object-lock",
       .action = "s3:GetBucketObjectLockConfiguration",
       .fixed =
           none("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket")},
      {.name = "GetObjectAcl",
       .method = "GET",
       .level = kObject,
       .parameter = "acl",
       .action = "s3:GetObjectAcl",
       .fixed = xml("acl")},
      {.name = "PutObjectAcl",
       .method = "PUT",
       .level = kObject,
       .parameter = "acl",
       .action = "s3:PutObjectAcl",
       .fixed = kNoAcls},
      {.name = "GetObjectTagging",
       .method = "GET",
       .level = kObject,
       .parameter = "tagging",
       .action = "s3:GetObjectTagging",
       .fixed = xml(TM_S3_XML("Tagging", "<TagSet></TagSet>"))},
      {.name = "DeleteObjectTagging",
       .method = "DELETE",
       .level = kObject,
       .parameter = "tagging",
       .action = "s3:DeleteObjectTagging",
       .fixed = kNothing},
  };
  return kAll;
}

void answer_fixed(const Services& services, CallPtr call, const Fixed& fixed) {
  if (!call->address.key.empty())
    if (const auto opened = services.objects.open_object(call->address.bucket, call->address.key); !opened)
      return call->answer_error(opened.error());
  if (!fixed.code.empty())
    return call->answer(std::unexpected(Failure{
        fixed.status, std::string(fixed.code), std::string(fixed.message), {{"BucketName", call->address.bucket}}}));
  http::Response response{.status = fixed.status, .body = std::string(fixed.body)};
  if (fixed.body == "acl") {
    const auto& account = services.objects.bucket(call->address.bucket)->scope.account;
    auto document = begin_xml("AccessControlPolicy");
    add_owner(document, "Owner", account);
    document.open("AccessControlList").open("Grant");
    document.raw("<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">")
        .element("ID", owner_id(account))
        .close("Grantee");
    document.element("Permission", "FULL_CONTROL")
        .close("Grant")
        .close("AccessControlList")
        .close("AccessControlPolicy");
    response.body = document.take();
  }
  if (!response.body.empty()) response.headers.add("Content-Type", "application/xml");
  call->answer(std::move(response));
}

}  // namespace tidemill::s3
