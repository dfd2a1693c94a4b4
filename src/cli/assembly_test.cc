#include "cli/assembly.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "cli/deploy.h"
#include "runtime/sim/sim_files.h"

namespace tidemill::cli {
namespace {

constexpr const char* kManifest = R"({"version":"55.0.0","artifacts":{
  "B":{"type":"aws:cloudformation:stack","properties":{"templateFile":"B.template.json"},"dependencies":["A"]},
  "A.assets":{"type":"cdk:asset-manifest","properties":{"file":"A.assets.json"}},
  "A":{"type":"aws:cloudformation:stack","properties":{"templateFile":"A.template.json","stackName":"named"},"dependencies":["A.assets"]},
  "Tree":{"type":"cdk:tree","properties":{"file":"tree.json"}}}})";
constexpr const char* kAssets = R"({"version":"55.0.0","dockerImages":{},"files":{
  "h1":{"source":{"path":"asset.h1","packaging":"zip"},"destinations":{"d":{"bucketName":"cdk-assets-${AWS::AccountId}","objectKey":"h1.zip"}}},
  "h2":{"source":{"path":"A.template.json","packaging":"file"},"destinations":{"d":{"bucketName":"b","objectKey":"h2.json"}}}}})";

runtime::SimFiles sample() {
  runtime::SimFiles files;
  const auto put = [&files](const std::string& path, std::string_view text, bool executable = false) {
    EXPECT_TRUE(files.write(path, text, {.executable = executable}));
  };
  for (const auto* folder : {"/out", "/out/asset.h1", "/out/asset.h1/lib"}) EXPECT_TRUE(files.make_directories(folder));
  put("/out/manifest.json", kManifest);
  put("/out/A.assets.json", kAssets);
  put("/out/A.template.json", "{\"a\":1}");
  put("/out/B.template.json", "{\"b\":1}");
  put("/out/asset.h1/index.js", "exports.handler = 1");
  put("/out/asset.h1/lib/run", "#!", true);
  return files;
}

TEST(Assembly, StacksComeInTheOrderOfTheirDependenciesWithTheirAssets) {
  auto files = sample();
  const auto stacks = read_stacks(files, "/out/");
  ASSERT_TRUE(stacks) << stacks.error().message;
  ASSERT_EQ(stacks->size(), 2U);
  EXPECT_EQ((*stacks)[0].name, "named");
  EXPECT_EQ((*stacks)[1].name, "B");
  ASSERT_EQ((*stacks)[0].assets.size(), 1U);
  EXPECT_EQ((*stacks)[0].assets[0].name, "cdk-assets-${AWS::AccountId}/h1.zip");
  EXPECT_TRUE((*stacks)[1].assets.empty());
}

TEST(Assembly, FoldersBecomeTheSameArchiveEachTime) {
  auto files = sample();
  const Asset asset{.name = "n", .path = "/out/asset.h1", .is_folder = true};
  const auto one = read_asset(files, asset), two = read_asset(files, asset);
  ASSERT_TRUE(one);
  EXPECT_EQ(*one, *two);
  EXPECT_NE(one->find("lib/run"), std::string::npos);
}

TEST(Assembly, WhatIsMissingIsNamed) {
  auto files = sample();
  EXPECT_EQ(read_stacks(files, "/nowhere").error().message, "/nowhere: there is no such file or folder");
  EXPECT_TRUE(files.write("/out/A.assets.json", R"({"dockerImages":{"x":{}}})", {}));
  EXPECT_EQ(read_stacks(files, "/out").error().message, "/out/A.assets.json: container image assets are not supported");
  EXPECT_TRUE(files.write("/out/manifest.json", "{", {}));
  EXPECT_FALSE(read_stacks(files, "/out"));
}

TEST(Assembly, NamesOfStacksComeFromFiles) {
  EXPECT_EQ(stack_name_of("/a/Notes.template.json"), "Notes");
  EXPECT_EQ(stack_name_of("my_app.yaml"), "my-app");
  EXPECT_EQ(stack_name_of("2024.yml"), "stack");
  EXPECT_EQ(stack_name_of("/home/shop/."), "shop");
  EXPECT_EQ(stack_name_of("/home/shop/orders/.."), "shop");
  EXPECT_EQ(stack_name_of("."), stack_name_of(std::filesystem::current_path().string()));
}

TEST(Deploy, UrlsOfApisHaveALocalForm) {
  EXPECT_EQ(local_url("http://127.0.0.1:4566", "https://abc.execute-api.us-east-1.amazonaws.com/prod/"),
            "http://127.0.0.1:4566/_api/abc/prod/");
  EXPECT_EQ(local_url("http://127.0.0.1:4566", "https://example.com/x"), "");
  EXPECT_EQ(local_url("http://127.0.0.1:4566", "notes"), "");
}

}  // namespace
}  // namespace tidemill::cli
