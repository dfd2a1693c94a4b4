#include "server/disk_guard.h"

namespace tidemill::server {

DiskGuard::DiskGuard(runtime::Loop& loop, runtime::Files& files, observe::Log& log, Options options)
    : loop_(loop), files_(files), log_(log), options_(std::move(options)) {}

DiskGuard::~DiskGuard() { loop_.cancel(timer_); }

void DiskGuard::make_room() {
  const auto free = files_.free_space(options_.folder);
  if (!free || *free >= options_.reserve_bytes / 4 || !files_.exists(ballast())) return;
  if (files_.remove_all(ballast())) log_.warn("disk.ballast_given_up", {{"free_bytes", *free}});
}

void DiskGuard::watch() {
  look();
  timer_ = loop_.at(loop_.clock().now() + options_.every, [this] { watch(); });
}

void DiskGuard::look() {
  const auto free = files_.free_space(options_.folder);
  if (!free) return;
  const bool full = *free < options_.reserve_bytes;
  if (full != full_.load(std::memory_order_relaxed)) {
    full_.store(full, std::memory_order_relaxed);
    if (full)
      log_.warn("disk.full", {{"free_bytes", *free}, {"reserve_bytes", options_.reserve_bytes}});
    else
      log_.info("disk.writable_again", {{"free_bytes", *free}});
  }
  if (!full && *free > 2 * (options_.reserve_bytes + options_.ballast_bytes) && !files_.exists(ballast())) {
    // Of zero bytes that differ by block: a file system that compresses would store a plain one in nothing.
    std::string bytes(options_.ballast_bytes, '\0');
    std::uint64_t x = 0x9e3779b97f4a7c15ULL;
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      bytes.replace(i, 8, reinterpret_cast<const char*>(&x), 8);
    }
    if (auto written = files_.write(ballast(), bytes, {}); !written) {
      log_.warn("disk.no_ballast", {{"error", written.error().message}});
    }
  }
}

Status DiskGuard::admit() const {
  if (!full_.load(std::memory_order_relaxed)) return {};
  return fail(Errc::kResourceExhausted, "The disk is full: writes are refused until space is free. Reads go on.");
}

}  // namespace tidemill::server
