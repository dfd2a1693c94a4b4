// Uploads in parts. A part is a piece already; completing names the pieces in a row and copies nothing.
#include <algorithm>

#include <fmt/format.h>

#include "base/checksums.h"
#include "objects/names.h"
#include "objects/objects.h"
#include "objects/rows.h"

namespace tidemill::objects {
namespace {

std::unexpected<Error> no_upload() {
  return fail(Errc::kNoSuchUpload,
              "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
              "or completed.");
}

std::unexpected<Error> invalid_part() {
  return fail(Errc::kInvalidPart,
              "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
              "specified entity tag may not match the part's entity tag.");
}

}  // namespace

void Objects::create_upload(CreateUpload request, Reply<std::string, Error> reply) {
  const auto plan = [&]() -> Status {
    TM_TRY([[maybe_unused]] const auto* bucket, need_bucket(request.bucket));
    if (request.key.size() > kKeyBytesMax) return fail(Errc::kKeyTooLong, "Your key is too long");
    if (request.key.empty() || request.key.find('\0') != request.key.npos)
      return fail(Errc::kInvalidArgument, "Invalid key");
    return admit();
  };
  if (auto planned = plan(); !planned) return std::move(reply)(std::unexpected(planned.error()));
  request.record.initiated_ms = now_ms();
  // Ids of one key are in the order of their making.
  const auto id = fmt::format("{:012x}{}", request.record.initiated_ms, to_hex(services_.random.bytes(26)));
  storage::Mutation mutation;
  mutation.put(kSpace, upload_row({.bucket = request.bucket, .key = request.key, .id = id}), request.record.encode());
  commit(std::move(mutation), {},
         [id, reply = std::make_shared<Reply<std::string, Error>>(std::move(reply))] { std::move (*reply)(id); });
}

Result<UploadRecord> Objects::find_upload(const UploadName& name) const {
  TM_TRY([[maybe_unused]] const auto* bucket, need_bucket(name.bucket));
  if (name.id.find('\0') != name.id.npos || name.key.find('\0') != name.key.npos) return no_upload();
  const auto row = services_.store.get(kSpace, upload_row(name));
  if (!row) return fail(row.error());
  if (!*row) return no_upload();
  auto record = UploadRecord::decode(**row);
  if (!record) return damaged(name.id);
  return *std::move(record);
}

void Objects::put_part(const UploadName& upload, std::uint32_t number, Blob blob, Reply<Part, Error> reply) {
  if (const auto found = find_upload(upload); !found) return std::move(reply)(std::unexpected(found.error()));
  if (auto admitted = admit(); !admitted) return std::move(reply)(std::unexpected(admitted.error()));
  const auto row = part_row(upload.id, number);
  storage::Mutation mutation;
  std::vector<Piece> released;
  if (const auto stored = services_.store.get(kSpace, row); stored && *stored) {
    const auto old = Part::decode(**stored);
    if (!old) return std::move(reply)(damaged(upload.id));
    blobs_.unrefer(old->piece, row, mutation);
    released.push_back(old->piece);
  }
  Part part{.etag = to_hex(blob.md5), .modified_ms = now_ms(), .checksum = blob.checksum, .piece = {}};
  part.piece = blobs_.refer(blob, row, mutation);
  mutation.put(kSpace, row, part.encode());
  struct Answer {
    Reply<Part, Error> reply;
    Part part;
  };
  auto answer = std::make_shared<Answer>(Answer{std::move(reply), std::move(part)});
  commit(std::move(mutation), std::move(released), [answer] { std::move(answer->reply)(std::move(answer->part)); });
}

std::map<std::uint32_t, Part> Objects::all_parts(const std::string& upload_id) const {
  std::map<std::uint32_t, Part> out;
  const auto prefix = parts_prefix(upload_id);
  for (auto cursor = services_.store.cursor(kSpace, storage::Range::prefix(prefix)); cursor->valid(); cursor->next()) {
    if (cursor->key().size() != prefix.size() + 4) continue;
    if (auto part = Part::decode(cursor->value()))
      out.emplace(load_be<std::uint32_t>(cursor->key().data() + prefix.size()), *std::move(part));
  }
  return out;
}

Result<std::vector<PartEntry>> Objects::parts(const UploadName& upload, std::uint32_t after, std::size_t max) const {
  TM_TRY([[maybe_unused]] const auto record, find_upload(upload));
  std::vector<PartEntry> out;
  for (auto& [number, part] : all_parts(upload.id)) {
    if (number <= after) continue;
    if (out.size() == max) break;
    out.push_back({number, part});
  }
  return out;
}

Result<std::vector<UploadEntry>> Objects::uploads(const std::string& bucket, const std::string& prefix,
                                                  const std::string& after_key, const std::string& after_id,
                                                  std::size_t max) const {
  TM_TRY([[maybe_unused]] const auto* owner, need_bucket(bucket));
  const auto base = uploads_prefix(bucket);
  std::string from = base + prefix;
  if (!after_key.empty()) {
    std::string behind = base + after_key;
    behind += '\0';
    behind += after_id.empty() ? "\xff" : after_id + '\0';
    from = std::max(from, behind);
  }
  std::vector<UploadEntry> out;
  for (auto cursor = services_.store.cursor(kSpace, {from, prefix_end(base + prefix)});
       cursor->valid() && out.size() < max; cursor->next()) {
    const auto rest = cursor->key().substr(base.size());
    const auto cut = rest.rfind('\0');
    auto record = UploadRecord::decode(cursor->value());
    if (cut == rest.npos || !record) return damaged(rest);
    out.push_back({{bucket, std::string(rest.substr(0, cut)), std::string(rest.substr(cut + 1))}, *std::move(record)});
  }
  return out;
}

void Objects::drop_upload(const std::string& id, const std::map<std::uint32_t, Part>& parts,
                          const std::vector<Piece>& kept, storage::Mutation& mutation, std::vector<Piece>& released) {
  for (const auto& [number, part] : parts) {
    const auto row = part_row(id, number);
    const bool keep = std::ranges::find(kept, part.piece) != kept.end() && !part.piece.file;
    blobs_.unrefer(part.piece, row, mutation, keep);
    released.push_back(part.piece);
    mutation.erase(kSpace, row);
  }
}

Result<Object> Objects::assemble(const CompleteRequest& request, const UploadRecord& upload,
                                 const std::map<std::uint32_t, Part>& parts) const {
  if (request.parts.empty()) return fail(Errc::kInvalidRequest, "You must specify at least one part");
  Object object{.attributes = upload.attributes};
  Digest etag(Digest::Kind::kMd5);
  std::string values;  // of the parts' checksums, in a row
  std::optional<Checksum> whole;
  const auto algorithm = upload.algorithm.value_or(Algorithm::kCrc64nvme);
  // The list is looked at before what it names.
  if (!std::ranges::is_sorted(request.parts, std::ranges::less_equal(), &PartToComplete::number))
    return fail(Errc::kInvalidPartOrder,
                "The list of parts was not in ascending order. Parts must be ordered by part number.");
  for (std::size_t i = 0; i < request.parts.size(); ++i) {
    const auto& wanted = request.parts[i];
    const auto at = parts.find(wanted.number);
    if (at == parts.end() || at->second.etag != wanted.etag) return invalid_part();
    const auto& part = at->second;
    for (const auto& [kind, value] : wanted.checksums)
      if (kind == part.checksum.algorithm && value != part.checksum.value) return invalid_part();
    if (i + 1 < request.parts.size() && part.piece.size < settings_.part_min)
      return fail(Errc::kEntityTooSmall, "Your proposed upload is smaller than the minimum allowed size");
    etag.update(*from_hex(part.etag));
    values += part.checksum.value;
    if (part.checksum.algorithm == algorithm && is_crc(algorithm))
      whole = i == 0 ? part.checksum : combined(*whole, part.checksum, part.piece.size);
    object.size += part.piece.size;
    object.pieces.push_back(part.piece);
  }
  object.parts = static_cast<std::uint32_t>(object.pieces.size());
  object.etag = to_hex(etag.finish()) + "-" + std::to_string(object.parts);
  if (upload.composite) {
    Checksummer of_parts(algorithm);
    of_parts.update(values);
    object.checksum = of_parts.finish();
    object.checksum->parts = object.parts;
  } else {
    object.checksum = whole;
  }
  std::erase_if(object.pieces, [](const Piece& piece) { return piece.size == 0; });
  if (request.size && *request.size != object.size)
    return fail(Errc::kInvalidRequest, "The provided 'x-amz-mp-object-size' header does not match what was computed.");
  if (request.checksum && object.checksum && request.checksum->first == object.checksum->algorithm) {
    auto text = object.checksum->text();
    if (request.checksum->second != text && request.checksum->second != text.substr(0, text.rfind('-')))
      return fail(Errc::kBadDigest, fmt::format("The {} you specified did not match the calculated checksum.",
                                                wire_name(request.checksum->first)));
  }
  return object;
}

void Objects::complete(CompleteRequest request, Reply<Object, Error> reply) {
  const auto upload = find_upload(request.upload);
  if (!upload) return std::move(reply)(std::unexpected(upload.error()));
  if (auto admitted = admit(); !admitted) return std::move(reply)(std::unexpected(admitted.error()));
  const auto parts = all_parts(request.upload.id);
  auto object = assemble(request, *upload, parts);
  if (!object) return std::move(reply)(std::unexpected(object.error()));
  const auto& [bucket, key, id] = request.upload;
  const auto row = object_row(bucket, key);
  const auto old = find(bucket, key);
  if (auto met = check(old, request.condition); !met) return std::move(reply)(std::unexpected(met.error()));
  storage::Mutation mutation;
  std::vector<Piece> released;
  forget(old, row, mutation, released);
  drop_upload(id, parts, object->pieces, mutation, released);
  mutation.erase(kSpace, upload_row(request.upload));
  for (const auto& piece : object->pieces) blobs_.refer(piece, row, mutation);
  store_object(bucket, key, *std::move(object), std::move(mutation), std::move(released), std::move(reply));
}

void Objects::abort(const UploadName& upload, Reply<void, Error> reply) {
  if (const auto found = find_upload(upload); !found) return std::move(reply)(std::unexpected(found.error()));
  storage::Mutation mutation;
  std::vector<Piece> released;
  drop_upload(upload.id, all_parts(upload.id), {}, mutation, released);
  mutation.erase(kSpace, upload_row(upload));
  commit(std::move(mutation), std::move(released),
         [reply = std::make_shared<Reply<void, Error>>(std::move(reply))] { std::move (*reply)({}); });
}

}  // namespace tidemill::objects
