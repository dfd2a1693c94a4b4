// Looks through text many bytes at a time (SSE2, AVX2), or byte by byte where there is no such thing.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tidemill {

#if defined(__x86_64__)
// The first multiple of 64 bytes of `text` that holds what find_control_or looks for, or of which there are no 64 more.
template <unsigned char a, unsigned char b>
__attribute__((target("avx2"))) inline std::size_t skip_plain(std::string_view text) {
  const __m256i below = _mm256_set1_epi8(0x1f), first = _mm256_set1_epi8(a), second = _mm256_set1_epi8(b);
  std::size_t at = 0;
  for (; at + 64 <= text.size(); at += 64) {
    __m256i found[2];
    for (int i = 0; i < 2; ++i) {
      const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at + 32 * i));
      const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(block, below), block);
      found[i] =
          _mm256_or_si256(low, _mm256_or_si256(_mm256_cmpeq_epi8(block, first), _mm256_cmpeq_epi8(block, second)));
    }
    if (_mm256_movemask_epi8(_mm256_or_si256(found[0], found[1])) != 0) break;
  }
  return at;
}
#endif

// The place of the first control character (below the blank) or of `a` or `b`; text.size() when there is none.
template <unsigned char a, unsigned char b>
inline std::size_t find_control_or(std::string_view text) {
  std::size_t at = 0;
#if defined(__x86_64__)
  if (text.size() >= 128 && __builtin_cpu_supports("avx2")) at = skip_plain<a, b>(text);
  const __m128i below = _mm_set1_epi8(0x1f), first = _mm_set1_epi8(a), second = _mm_set1_epi8(b);
  const auto found = [&](const char* bytes) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, below), block);
    return _mm_or_si128(low, _mm_or_si128(_mm_cmpeq_epi8(block, first), _mm_cmpeq_epi8(block, second)));
  };
  for (; at + 32 <= text.size(); at += 32) {
    if (_mm_movemask_epi8(_mm_or_si128(found(text.data() + at), found(text.data() + at + 16))) != 0) break;
  }
  for (; at + 16 <= text.size(); at += 16) {
    if (const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found(text.data() + at))); mask != 0)
      return at + static_cast<std::size_t>(std::countr_zero(mask));
  }
  // The last few once more with those before them, where there are any.
  if (at < text.size() && text.size() >= 16) {
    at = text.size() - 16;
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found(text.data() + at)));
    return mask != 0 ? at + static_cast<std::size_t>(std::countr_zero(mask)) : text.size();
  }
#endif
  for (; at < text.size(); ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == a || c == b) break;
  }
  return at;
}

#if defined(__x86_64__)
// Copies 64 bytes at a time up to those that hold what copy_until_control_or looks for, or of which there are no 64
// more; then the last 64 as well, unless they hold it. Gives how many are copied.
template <unsigned char a, unsigned char b>
__attribute__((target("avx2"))) inline std::size_t copy_plain(char* to, std::string_view text) {
  const __m256i below = _mm256_set1_epi8(0x1f), first = _mm256_set1_epi8(a), second = _mm256_set1_epi8(b);
  const auto copied = [&](std::size_t at) __attribute__((target("avx2"))) {
    __m256i found[2];
    for (std::size_t i = 0; i < 2; ++i) {
      const __m256i block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text.data() + at + 32 * i));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + at + 32 * i), block);
      const __m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(block, below), block);
      found[i] =
          _mm256_or_si256(low, _mm256_or_si256(_mm256_cmpeq_epi8(block, first), _mm256_cmpeq_epi8(block, second)));
    }
    return _mm256_movemask_epi8(_mm256_or_si256(found[0], found[1])) == 0;
  };
  std::size_t at = 0;
  for (; at + 64 <= text.size(); at += 64) {
    if (!copied(at)) return at;
  }
  return copied(text.size() - 64) ? text.size() : at;
}
#endif

// Copies the text up to the first control character (below the blank) or `a` or `b`, and gives how many bytes that
// were. At `to` there is room for the whole text; what lies there behind the copy is not specified.
template <unsigned char a, unsigned char b>
inline std::size_t copy_until_control_or(char* to, std::string_view text) {
  const std::size_t size = text.size();
  std::size_t at = 0;
#if defined(__x86_64__)
  const __m128i below = _mm_set1_epi8(0x1f), first = _mm_set1_epi8(a), second = _mm_set1_epi8(b);
  const auto is_plain = [&](__m128i block) {
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, below), block);
    const __m128i found = _mm_or_si128(low, _mm_or_si128(_mm_cmpeq_epi8(block, first), _mm_cmpeq_epi8(block, second)));
    return _mm_movemask_epi8(found) == 0;
  };
  const auto copied = [&](std::size_t from) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + from));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + from), block);
    return is_plain(block);
  };
  if (size >= 64 && __builtin_cpu_supports("avx2")) {
    at = copy_plain<a, b>(to, text);
    if (at == size) return size;
  } else if (size >= 16) {
    while (at + 16 <= size && copied(at)) at += 16;
    if (at + 16 > size && copied(size - 16)) return size;
  } else if (size >= 4) {
    // Two halves of what there is, which may overlap.
    const auto halves = [&]<class Half>(Half head) {
      Half tail;
      std::memcpy(&head, text.data(), sizeof(Half));
      std::memcpy(&tail, text.data() + size - sizeof(Half), sizeof(Half));
      std::memcpy(to, &head, sizeof(Half));
      std::memcpy(to + size - sizeof(Half), &tail, sizeof(Half));
      constexpr std::uint64_t kBlanks = sizeof(Half) == 8 ? 0 : 0x2020202000000000;
      return _mm_set_epi64x(static_cast<long long>(tail | kBlanks), static_cast<long long>(head | kBlanks));
    };
    if (is_plain(size >= 8 ? halves(std::uint64_t{}) : halves(std::uint32_t{}))) return size;
  }
#endif
  for (; at < size; ++at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20 || c == a || c == b) break;
    to[at] = text[at];
  }
  return at;
}

// Are 64 bytes the same, but for those of `loose` (a bit for each), which may be other letters, digits or dashes?
inline bool same_but_for(const char* known, const char* text, std::uint64_t loose) {
  if (loose == 0) return std::memcmp(known, text, 64) == 0;
  std::uint64_t differs = 0, plain = 0;
#if defined(__x86_64__)
  for (int i = 0; i < 4; ++i) {
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(known + 16 * i));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * i));
    const auto same = static_cast<std::uint16_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)));
    differs |= static_cast<std::uint64_t>(static_cast<std::uint16_t>(~same)) << (16 * i);
  }
  if ((differs & ~loose) != 0) return false;
  if (differs == 0) return true;
  const auto within = [](__m128i bytes, char first, char count) {
    const __m128i offset = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
    return _mm_cmpeq_epi8(_mm_min_epu8(offset, _mm_set1_epi8(static_cast<char>(count - 1))), offset);
  };
  for (int i = 0; i < 4; ++i) {
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + 16 * i));
    const __m128i letters = within(_mm_or_si128(b, _mm_set1_epi8(0x20)), 'a', 26);
    const __m128i others = _mm_or_si128(within(b, '0', 10), _mm_cmpeq_epi8(b, _mm_set1_epi8('-')));
    plain |= static_cast<std::uint64_t>(_mm_movemask_epi8(_mm_or_si128(letters, others))) << (16 * i);
  }
#else
  for (int i = 0; i < 64; ++i) {
    const char c = text[i], small = static_cast<char>(c | 0x20);
    if (c != known[i]) differs |= std::uint64_t{1} << i;
    if ((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '-') plain |= std::uint64_t{1} << i;
  }
#endif
  return (differs & ~(loose & plain)) == 0;
}

// The places of the control characters (below the blank, and 0x7f) of a text, one after the other: every byte is looked
// at once, however many of them there are.
class ControlPlaces {
 public:
  explicit ControlPlaces(std::string_view text) : text_(text) {}
  // text.size() when there are no more.
  std::size_t next() {
    while (found_ == 0) {
      if (scanned_ >= text_.size()) return text_.size();
      base_ = scanned_;
      scan();
    }
    const auto at = base_ + static_cast<std::size_t>(std::countr_zero(found_));
    found_ &= found_ - 1;
    return at;
  }

 private:
  static bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
  void scan() {
#if defined(__x86_64__)
    if (text_.size() - scanned_ >= 64) {
      const __m128i below = _mm_set1_epi8(0x1f), rubout = _mm_set1_epi8(0x7f);
      for (int i = 0; i < 4; ++i) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_.data() + scanned_ + 16 * i));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, below), block);
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(block, rubout))));
        found_ |= static_cast<std::uint64_t>(mask) << (16 * i);
      }
      scanned_ += 64;
      return;
    }
#endif
    for (int i = 0; i < 64 && scanned_ < text_.size(); ++i, ++scanned_) {
      if (is_control(text_[scanned_])) found_ |= std::uint64_t{1} << i;
    }
  }

  const std::string_view text_;
  std::size_t base_ = 0, scanned_ = 0;
  std::uint64_t found_ = 0;  // bit i: the byte at base_ + i
};

}  // namespace tidemill
