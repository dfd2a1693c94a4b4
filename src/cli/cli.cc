#include "cli/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include "cli/deploy.h"
#include "runtime/system.h"

namespace tidemill::cli {
namespace {

Terminal terminal() {
  Terminal out;
  out.print = [](std::string_view line) {
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
  };
  out.complain = [](std::string_view line) {
    std::fprintf(stderr, "tidemill: %.*s\n", static_cast<int>(line.size()), line.data());
  };
  if (isatty(STDIN_FILENO) == 1) {
    out.ask = [](std::string_view question) {
      std::printf("%.*s [y/N] ", static_cast<int>(question.size()), question.data());
      std::fflush(stdout);
      std::string answer;
      return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
    };
  }
  return out;
}

// The server writes the copy, so the path is made absolute here, where it was said.
int checkpoint(Session& session, const std::string& folder, const Terminal& terminal) {
  json::Object body;
  body["folder"] = std::filesystem::absolute(folder).string();
  const auto made = session.call("POST", "/_admin/checkpoint", json::Value(std::move(body)));
  if (!made) {
    terminal.complain(made.error().message);
    return 1;
  }
  terminal.print("copied to " + made->string_or("folder") + "; a server starts on it as <data directory>/store");
  return 0;
}

}  // namespace

std::optional<int> run(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  const std::string command = argv[1];
  if (command != "deploy" && command != "destroy" && command != "checkpoint") return std::nullopt;

  CLI::App app{"Tidemill"};
  app.name("tidemill");
  app.require_subcommand(1);
  DeployOptions options;
  std::vector<std::string> parameters;
  std::string endpoint = runtime::environment_variable(
      "TIDEMILL_ENDPOINT", runtime::environment_variable("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"));
  std::string stack;
  auto* deploying = app.add_subcommand("deploy", "Make or update stacks from a template or a cdk.out folder");
  deploying->add_option("path", options.path, "A template (JSON, YAML), a cdk.out folder, or a folder that holds one")
      ->required();
  deploying->add_option("--stack-name", options.stack_name,
                        "Name of the stack (default: after the file); of an assembly: the one stack to deploy");
  deploying->add_option("--parameter", parameters, "KEY=VALUE; may be repeated");
  deploying->add_flag("--no-rollback", options.keep_on_failure, "Keep what was made when something fails");
  auto* destroying = app.add_subcommand("destroy", "Delete a stack and what it made");
  destroying->add_option("stack", stack, "Name of the stack")->required();
  std::string folder;
  auto* copying = app.add_subcommand("checkpoint", "Copy the server's store, consistent, while it serves");
  copying->add_option("folder", folder, "Where the copy goes; must not exist yet")->required();
  for (auto* one : {deploying, destroying}) one->add_flag("-y,--yes", options.yes, "Do not ask");
  for (auto* one : {deploying, destroying, copying}) {
    one->add_option("--endpoint", endpoint, "The server (TIDEMILL_ENDPOINT, AWS_ENDPOINT_URL; http://127.0.0.1:4566)");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto out = terminal();
  for (const auto& one : parameters) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0) {
      out.complain("--parameter needs the form KEY=VALUE, not " + one);
      return 2;
    }
    options.parameters[one.substr(0, equals)] = one.substr(equals + 1);
  }
  auto session = Session::open(endpoint);
  if (!session) {
    out.complain(session.error().message);
    return 2;
  }
  if (command == "destroy") return destroy(**session, stack, options.yes, out);
  if (command == "checkpoint") return checkpoint(**session, folder, out);
  runtime::SystemFiles files;
  return deploy(**session, files, options, out);
}

}  // namespace tidemill::cli
