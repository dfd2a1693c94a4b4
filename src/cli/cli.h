// The subcommands that are clients of a server: deploy, destroy.
#pragma once

#include <optional>

namespace tidemill::cli {

// Runs the subcommand that the command line names; nothing when it is not one of ours.
// Exit codes: 0 done, 1 it failed, 2 the command line or its files are wrong.
std::optional<int> run(int argc, char** argv);

// One line each, for the program's help.
inline constexpr const char* kSubcommands =
    "  deploy PATH                 Make or update stacks from a template (JSON, YAML) or a cdk.out folder\n"
    "  destroy STACK               Delete a stack and what it made\n"
    "  checkpoint FOLDER           Copy the server's store, consistent, while it serves\n";

}  // namespace tidemill::cli
