// The flags of the measuring programs: --name value, in any order.
#pragma once

#include <map>
#include <string>

namespace tidemill::bench {

class Flags {
 public:
  // Reads argv from `first`; ends the program with 2 and a sentence when it is not pairs of --name value.
  Flags(int argc, char** argv, int first);
  bool has(const std::string& name) const { return values_.contains(name); }
  std::string text(const std::string& name, const std::string& fallback = "") const;
  double number(const std::string& name, double fallback) const;

 private:
  std::map<std::string, std::string> values_;
};

// Ends the program with 1 and `program: sentence`.
[[noreturn]] void die(const std::string& sentence);

// A TCP socket connected to, or listening on, "127.0.0.1:4566"; Nagle's delay is off.
int connect_to(const std::string& address);
int listen_on(const std::string& address);
std::string local_address(int socket);

}  // namespace tidemill::bench
