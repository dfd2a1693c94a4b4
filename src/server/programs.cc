#include "server/programs.h"

#include <filesystem>

#include "runtime/system.h"

namespace tidemill::server {
namespace {

std::string resolved(const std::string& path) {
  std::error_code error;
  const auto real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

std::string find_program(const std::string& name, const std::string& search_path, runtime::Files& files) {
  if (name.find('/') != name.npos) return files.is_executable(name) ? resolved(name) : "";
  std::size_t from = 0;
  while (from <= search_path.size()) {
    const auto to = std::min(search_path.find(':', from), search_path.size());
    const auto candidate = search_path.substr(from, to - from) + "/" + name;
    if (to > from && files.is_executable(candidate)) return resolved(candidate);
    from = to + 1;
  }
  return "";
}

std::string find_python(const std::string& name, const std::string& search_path, runtime::Files& files) {
  auto found = find_program(name, search_path, files);
  if (found.empty()) return found;
  const auto first = files.read_start(found, 2);
  if (!first || *first != "#!") return found;
  auto named = runtime::run_and_read({found, "-c", "import sys; print(sys.executable, end='')"});
  return named && files.is_executable(*named) ? resolved(*named) : found;
}

}  // namespace tidemill::server
