#include "api/lambda/operation.h"

namespace tidemill::lambda {

// create_function.cc
extern const Operation kCreateFunction;
// get_function.cc
extern const Operation kGetFunction;
// get_function_configuration.cc
extern const Operation kGetFunctionConfiguration;
// list_functions.cc
extern const Operation kListFunctions;
// update_function_code.cc
extern const Operation kUpdateFunctionCode;
// update_function_configuration.cc
extern const Operation kUpdateFunctionConfiguration;
// delete_function.cc
extern const Operation kDeleteFunction;
// invoke.cc
extern const Operation kInvoke;
extern const Operation kInvokeAsync;
// permissions.cc
extern const Operation kAddPermission;
extern const Operation kGetPolicy;
extern const Operation kRemovePermission;
// tags.cc
extern const Operation kTagResource;
extern const Operation kUntagResource;
extern const Operation kListTags;
// account_settings.cc
extern const Operation kGetAccountSettings;
// concurrency.cc
extern const Operation kPutFunctionConcurrency;
extern const Operation kGetFunctionConcurrency;
extern const Operation kDeleteFunctionConcurrency;
// event_invoke_config.cc
extern const Operation kPutFunctionEventInvokeConfig;
extern const Operation kUpdateFunctionEventInvokeConfig;
extern const Operation kGetFunctionEventInvokeConfig;
extern const Operation kListFunctionEventInvokeConfigs;
extern const Operation kDeleteFunctionEventInvokeConfig;
// list_versions.cc
extern const Operation kListVersionsByFunction;
// empty_lists.cc
extern const Operation kListAliases;
extern const Operation kListFunctionUrlConfigs;
extern const Operation kListProvisioned;
extern const Operation kListLayers;
extern const Operation kListLayerVersions;
extern const Operation kGetFunctionCodeSigningConfig;
extern const Operation kGetRuntimeManagementConfig;
extern const Operation kGetFunctionRecursionConfig;
// unavailable.cc
extern const Operation kPublishVersion;
extern const Operation kCreateAlias;
extern const Operation kUpdateAlias;
extern const Operation kDeleteAlias;
extern const Operation kInvokeWithResponseStream;
extern const Operation kCreateFunctionUrlConfig;
extern const Operation kUpdateFunctionUrlConfig;
extern const Operation kPublishLayerVersion;
extern const Operation kPutProvisionedConcurrencyConfig;
extern const Operation kPutFunctionCodeSigningConfig;
extern const Operation kPutRuntimeManagementConfig;
extern const Operation kPutFunctionRecursionConfig;
extern const Operation kGetAlias;
extern const Operation kGetFunctionUrlConfig;
extern const Operation kDeleteFunctionUrlConfig;
extern const Operation kGetLayerVersion;
extern const Operation kGetProvisionedConcurrencyConfig;
extern const Operation kDeleteProvisionedConcurrencyConfig;

std::span<const Operation* const> operations() {
  static constexpr const Operation* kAll[] = {
      // create function
      &kCreateFunction,
      // get function
      &kGetFunction,
      // get function configuration
      &kGetFunctionConfiguration,
      // list functions
      &kListFunctions,
      // update function code
      &kUpdateFunctionCode,
      // update function configuration
      &kUpdateFunctionConfiguration,
      // delete function
      &kDeleteFunction,
      // invoke
      &kInvoke,
      &kInvokeAsync,
      // permissions
      &kAddPermission,
      &kGetPolicy,
      &kRemovePermission,
      // tags
      &kTagResource,
      &kUntagResource,
      &kListTags,
      // account settings
      &kGetAccountSettings,
      // concurrency
      &kPutFunctionConcurrency,
      &kGetFunctionConcurrency,
      &kDeleteFunctionConcurrency,
      // event invoke config
      &kPutFunctionEventInvokeConfig,
      &kUpdateFunctionEventInvokeConfig,
      &kGetFunctionEventInvokeConfig,
      &kListFunctionEventInvokeConfigs,
      &kDeleteFunctionEventInvokeConfig,
      // list versions
      &kListVersionsByFunction,
      // empty lists
      &kListAliases,
      &kListFunctionUrlConfigs,
      &kListProvisioned,
      &kListLayers,
      &kListLayerVersions,
      &kGetFunctionCodeSigningConfig,
      &kGetRuntimeManagementConfig,
      &kGetFunctionRecursionConfig,
      // unavailable
      &kPublishVersion,
      &kCreateAlias,
      &kUpdateAlias,
      &kDeleteAlias,
      &kInvokeWithResponseStream,
      &kCreateFunctionUrlConfig,
      &kUpdateFunctionUrlConfig,
      &kPublishLayerVersion,
      &kPutProvisionedConcurrencyConfig,
      &kPutFunctionCodeSigningConfig,
      &kPutRuntimeManagementConfig,
      &kPutFunctionRecursionConfig,
      &kGetAlias,
      &kGetFunctionUrlConfig,
      &kDeleteFunctionUrlConfig,
      &kGetLayerVersion,
      &kGetProvisionedConcurrencyConfig,
      &kDeleteProvisionedConcurrencyConfig,
  };
  return kAll;
}

}  // namespace tidemill::lambda
