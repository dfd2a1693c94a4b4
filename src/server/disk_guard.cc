#include "server/disk_guard.h"

#include <cstring>
#include <memory>

namespace tidemill::server {

DiskGuard::DiskGuard(runtime::Loop& loop, runtime::Files& files, runtime::Offload& offload, observe::Log& log,
                     Options options)
    : loop_(loop), files_(files), offload_(offload), log_(log), options_(std::move(options)) {}

DiskGuard::~DiskGuard() { loop_.cancel(timer_); }

void DiskGuard::make_room() {
  const auto free = files_.free_space(options_.folder);
  if (!free || *free >= options_.reserve_bytes / 4 || !files_.exists(ballast())) return;
  if (files_.remove_all(ballast())) log_.warn("disk.ballast_given_up", {{"free_bytes", *free}});
}

void DiskGuard::watch() {
  look();
  timer_ = loop_.at(loop_.clock().now() + options_.every, [this] {
    if (!ballast_known_) load_ballast();
    watch();
  });
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
}

void DiskGuard::load_ballast() {
  const auto free = files_.free_space(options_.folder);
  if (!free || *free <= 2 * (options_.reserve_bytes + options_.ballast_bytes)) return;
  // Shared, since the pool may be at it when the guard goes.
  auto written = std::make_shared<Status>();
  ballast_known_ = offload_.run(
      [&files = files_, path = ballast(), size = options_.ballast_bytes, written] {
        if (files.exists(path)) return;
        // Of zero bytes that differ by block: a file system that compresses would store a plain one in nothing.
        std::string bytes(size, '\0');
        std::uint64_t x = 0x9e3779b97f4a7c15ULL;
        for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
          x ^= x << 13, x ^= x >> 7, x ^= x << 17;
          std::memcpy(bytes.data() + i, &x, 8);
        }
        *written = files.write(path, bytes, {});
      },
      loop_,
      [&log = log_, written] {
        if (!*written) log.warn("disk.no_ballast", {{"error", written->error().message}});
      });
}

Status DiskGuard::admit() const {
  if (!full_.load(std::memory_order_relaxed)) return {};
  return fail(Errc::kResourceExhausted, "The disk is full: writes are refused until space is free. Reads go on.");
}

}  // namespace tidemill::server
