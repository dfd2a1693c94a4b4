#include "cli/assembly.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "base/json.h"
#include "base/zip.h"

namespace tidemill::cli {
namespace {

constexpr std::size_t kArchiveBytesMax = 250U << 20;  // unpacked, as the service limits it
constexpr std::size_t kFolderDepthMax = 64;

std::unexpected<Error> wrong(const std::string& file, std::string_view what) {
  return fail(Errc::kInvalidArgument, fmt::format("{}: {}", file, what));
}

Result<json::Value> read_json(runtime::Files& files, const std::string& path) {
  TM_TRY(const auto text, files.read(path));
  auto value = json::Value::parse(text);
  if (!value) return wrong(path, value.error().message);
  return *std::move(value);
}

// The assets of an asset manifest, without the stack's own template.
Status read_assets(runtime::Files& files, const std::string& folder, const std::string& file,
                   const std::string& template_file, std::vector<Asset>& out) {
  const auto path = folder + "/" + file;
  TM_TRY(const auto manifest, read_json(files, path));
  if (const auto* images = manifest.find("dockerImages");
      images != nullptr && images->is_object() && !images->as_object().empty()) {
    return wrong(path, "container image assets are not supported");
  }
  const auto* list = manifest.find("files");
  if (list == nullptr || !list->is_object()) return {};
  for (const auto& [id, asset] : list->as_object()) {
    const auto* source = asset.find("source");
    const auto* destinations = asset.find("destinations");
    if (source == nullptr || destinations == nullptr || !destinations->is_object())
      return wrong(path, "an asset has no source or no destination");
    if (source->find("executable") != nullptr) return wrong(path, "assets made by a command are not supported");
    const auto from = source->string_or("path");
    if (from == template_file) continue;
    for (const auto& [name, destination] : destinations->as_object()) {
      Asset one{.name = destination.string_or("bucketName") + "/" + destination.string_or("objectKey"),
                .path = from.starts_with('/') ? from : folder + "/" + from};
      one.is_folder = source->string_or("packaging") == "zip";
      out.push_back(std::move(one));
    }
  }
  return {};
}

Status read_assembly(runtime::Files& files, const std::string& folder, std::vector<StackToDeploy>& out, int depth) {
  if (depth > 8) return wrong(folder, "assemblies are nested too deep");
  TM_TRY(const auto manifest, read_json(files, folder + "/manifest.json"));
  const auto* artifacts = manifest.find("artifacts");
  if (artifacts == nullptr || !artifacts->is_object())
    return wrong(folder + "/manifest.json", "this is no cloud assembly");

  // Depth first by dependencies: what a stack needs comes before it.
  std::set<std::string> done;
  std::function<Status(const std::string&)> visit = [&](const std::string& id) -> Status {
    if (!done.insert(id).second) return {};
    const auto* artifact = artifacts->find(id);
    if (artifact == nullptr) return {};
    std::vector<std::string> needs;
    if (const auto* list = artifact->find("dependencies"); list != nullptr && list->is_array()) {
      for (const auto& one : list->as_array()) {
        if (one.is_string()) needs.push_back(one.as_string());
      }
    }
    for (const auto& need : needs) TM_CHECK(visit(need));
    const auto type = artifact->string_or("type");
    const auto* properties = artifact->find("properties");
    if (type == "cdk:cloud-assembly" && properties != nullptr) {
      return read_assembly(files, folder + "/" + properties->string_or("directoryName"), out, depth + 1);
    }
    if (type != "aws:cloudformation:stack" || properties == nullptr) return {};
    const auto template_file = properties->string_or("templateFile");
    StackToDeploy stack{.name = properties->string_or("stackName", id)};
    TM_TRY(stack.template_text, files.read(folder + "/" + template_file));
    for (const auto& need : needs) {
      const auto* other = artifacts->find(need);
      if (other == nullptr || other->string_or("type") != "cdk:asset-manifest") continue;
      const auto* of_manifest = other->find("properties");
      if (of_manifest != nullptr)
        TM_CHECK(read_assets(files, folder, of_manifest->string_or("file"), template_file, stack.assets));
    }
    out.push_back(std::move(stack));
    return {};
  };
  for (const auto& [id, artifact] : artifacts->as_object()) TM_CHECK(visit(id));
  return {};
}

Status add_folder(runtime::Files& files, const std::string& folder, const std::string& prefix, std::size_t depth,
                  std::size_t& bytes, ZipWriter& zip) {
  if (depth > kFolderDepthMax) return wrong(folder, "folders are nested too deep");
  TM_TRY(const auto entries, files.list(folder));
  for (const auto& entry : entries) {
    const auto path = folder + "/" + entry.name;
    if (entry.is_directory) {
      TM_CHECK(add_folder(files, path, prefix + entry.name + "/", depth + 1, bytes, zip));
      continue;
    }
    TM_TRY(const auto content, files.read(path));
    bytes += content.size();
    if (bytes > kArchiveBytesMax) return wrong(folder, "the asset is larger than 250 MB unpacked");
    zip.add(prefix + entry.name, content, files.is_executable(path));
  }
  return {};
}

}  // namespace

std::string stack_name_of(const std::string& path) {
  const auto whole = std::filesystem::absolute(path).lexically_normal();  // "." is a folder that has a name
  std::string file = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  for (const std::string_view end :
       {".template.json", ".template.yaml", ".template.yml", ".json", ".yaml", ".yml", ".template"}) {
    if (file.ends_with(end)) {
      file.resize(file.size() - end.size());
      break;
    }
  }
  std::string name;
  for (const char c : file) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (!name.empty() && c >= '0' && c <= '9'))
      name += c;
    else if (!name.empty() && !name.ends_with('-'))
      name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "stack" : name;
}

Result<std::vector<StackToDeploy>> read_stacks(runtime::Files& files, const std::string& given) {
  std::string path = given;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (!files.exists(path)) return wrong(path, "there is no such file or folder");
  std::vector<StackToDeploy> out;
  if (files.exists(path + "/manifest.json")) {
    TM_CHECK(read_assembly(files, path, out, 0));
    if (out.empty()) return wrong(path, "the assembly holds no stack");
    return out;
  }
  for (const auto* name : {"/cdk.out/manifest.json", "/template.yaml", "/template.yml", "/template.json"}) {
    if (!files.exists(path + name)) continue;
    if (std::string_view(name) == "/cdk.out/manifest.json") return read_stacks(files, path + "/cdk.out");
    TM_TRY(auto text, files.read(path + name));
    return std::vector<StackToDeploy>{{.name = stack_name_of(path), .template_text = std::move(text)}};
  }
  TM_TRY(auto text, files.read(path));
  out.push_back({.name = stack_name_of(path), .template_text = std::move(text)});
  return out;
}

Result<std::string> read_asset(runtime::Files& files, const Asset& asset) {
  if (!asset.is_folder) return files.read(asset.path);
  ZipWriter zip;
  std::size_t bytes = 0;
  TM_CHECK(add_folder(files, asset.path, "", 0, bytes, zip));
  return zip.finish();
}

}  // namespace tidemill::cli
