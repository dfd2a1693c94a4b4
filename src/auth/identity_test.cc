#include "auth/identity.h"

#include <gtest/gtest.h>

#include "auth/canonical.h"
#include "runtime/sim/sim_loop.h"
#include "storage/sim/memory_store.h"
#include "storage/store.h"

namespace tidemill::auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com","AWS":"arn:aws:iam::000000000000:user/ann"},"Action":"sts:AssumeRole"}]})";

class IdentityTest : public testing::Test {
 protected:
  explicit IdentityTest(bool enforced = true) { open(std::make_unique<storage::MemoryEngine>(), enforced); }

  void open(std::unique_ptr<storage::MemoryEngine> engine, bool enforced) {
    identity.reset();
    directory.reset();
    store.reset();
    memory = engine.get();
    store = std::make_unique<storage::Store>(std::move(engine), storage::Store::Options{.sync_thread = false});
    directory = std::make_unique<Directory>(*store, loop, loop.clock(), random);
    ASSERT_TRUE(directory->load());
    identity = std::make_unique<Identity>(
        Identity::Options{.enforced = enforced, .admin_access_key = "ADMIN", .admin_secret_key = "admin-secret"},
        *directory, loop.clock(), random);
  }

  template <class T, class Call>
  Result<T> wait(Call call) {
    std::optional<Result<T>> out;
    call(Reply<T, Error>([&out](Result<T> value) { out = std::move(value); }));
    for (bool again = true; again && !out;) {
      again = store->sync_once();
      again = loop.run_ready() || again;
    }
    EXPECT_TRUE(out.has_value());
    return out ? std::move(*out) : Result<T>(fail(Errc::kInternal, "no answer"));
  }

  Result<Role> create_role(std::string name) {
    return wait<Role>([&](auto reply) {
      directory->create_role({.account = "000000000000", .name = name, .trust_policy = std::string(kTrust)},
                             std::move(reply));
    });
  }
  Result<AccessKey> create_user_with_key(std::string name) {
    EXPECT_TRUE(
        wait<User>([&](auto reply) { directory->create_user("000000000000", name, "/", {}, std::move(reply)); }));
    return wait<AccessKey>([&](auto reply) { directory->create_access_key("000000000000", name, std::move(reply)); });
  }
  Result<Grants> grant(Directory::Holder kind, std::string name, std::string document) {
    return wait<Grants>([&](auto reply) {
      directory->put_inline_policy({.kind = kind, .account = "000000000000", .name = name}, "p", document,
                                   std::move(reply));
    });
  }
  http::Request signed_by(const Credentials& credentials, std::string_view service = "dynamodb") {
    http::Request in{.method = "POST", .target = "/", .body = "{}"};
    in.headers.add("Host", "localhost");
    sign(in, credentials, {.service = service, .region = "us-east-1", .now = loop.clock().wall()});
    return in;
  }
  std::string refused(const Result<Caller>& caller) {
    return caller ? "" : std::string(json_code(caller.error().code)) + ": " + caller.error().message;
  }

  runtime::SimLoop loop;
  runtime::SimRandom random{7};
  storage::MemoryEngine* memory = nullptr;
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<Directory> directory;
  std::unique_ptr<Identity> identity;
};

class IdentityOff : public IdentityTest {
 protected:
  IdentityOff() : IdentityTest(false) {}
};

TEST_F(IdentityTest, AdministratorMayDoEverything) {
  const auto caller = identity->authenticate(signed_by(identity->admin_credentials()), "dynamodb");
  ASSERT_TRUE(caller) << refused(caller);
  EXPECT_EQ(caller->principal.arn, "arn:aws:iam::000000000000:root");
  EXPECT_EQ(caller->scope.region, "us-east-1");
  EXPECT_TRUE(identity->authorize(caller->principal, "dynamodb:PutItem", "*"));
}

TEST_F(IdentityTest, SIG_07_UnknownKeyIsRefused) {
  EXPECT_EQ(refused(identity->authenticate(signed_by({"AKNOBODY", "x", ""}), "dynamodb")),
            "UnrecognizedClientException: The security token included in the request is invalid.");
}

TEST_F(IdentityTest, SIG_08_WrongSecretIsRefused) {
  EXPECT_TRUE(refused(identity->authenticate(signed_by({"ADMIN", "wrong", ""}), "dynamodb"))
                  .starts_with("InvalidSignatureException: The request signature we calculated does not match"));
}

TEST_F(IdentityTest, SIG_12_OtherServiceIsRefused) {
  EXPECT_EQ(refused(identity->authenticate(signed_by(identity->admin_credentials(), "s3"), "dynamodb")),
            "InvalidSignatureException: Credential should be scoped to correct service: 'dynamodb'. ");
}

TEST_F(IdentityTest, SIG_14_PolicyDecidesWhatAUserMayDo) {
  const auto key = create_user_with_key("ann");
  ASSERT_TRUE(key);
  ASSERT_TRUE(grant(
      Directory::Holder::kUser, "ann",
      R"({"Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/notes"}]})"));
  const auto caller = identity->authenticate(signed_by({key->id, key->secret, ""}), "dynamodb");
  ASSERT_TRUE(caller) << refused(caller);
  EXPECT_EQ(caller->principal.arn, "arn:aws:iam::000000000000:user/ann");
  const std::string table = "arn:aws:dynamodb:us-east-1:000000000000:table/notes";
  EXPECT_TRUE(identity->authorize(caller->principal, "dynamodb:GetItem", table));
  EXPECT_EQ(identity->authorize(caller->principal, "dynamodb:PutItem", table).reason,
            "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: dynamodb:PutItem on resource: " +
                table + " because no identity-based policy allows the dynamodb:PutItem action");
  ASSERT_TRUE(
      grant(Directory::Holder::kUser, "ann", R"({"Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]})"));
  EXPECT_TRUE(identity->authorize(caller->principal, "dynamodb:GetItem", table)
                  .reason.ends_with("with an explicit deny in an identity-based policy"));
}

TEST_F(IdentityTest, InactiveAndDeletedKeysAreRefused) {
  const auto key = create_user_with_key("ann");
  const Credentials credentials{key->id, key->secret, ""};
  ASSERT_TRUE(identity->authenticate(signed_by(credentials), "dynamodb"));
  ASSERT_TRUE(wait<AccessKey>(
      [&](auto reply) { directory->update_access_key("000000000000", "ann", key->id, false, std::move(reply)); }));
  EXPECT_FALSE(identity->authenticate(signed_by(credentials), "dynamodb"));
  ASSERT_TRUE(wait<AccessKey>(
      [&](auto reply) { directory->delete_access_key("000000000000", "ann", key->id, std::move(reply)); }));
  EXPECT_FALSE(identity->authenticate(signed_by(credentials), "dynamodb"));
}

TEST_F(IdentityTest, ARememberedCallerIsCheckedAgain) {
  const auto key = create_user_with_key("ann");
  const auto ask = [&](const Credentials& credentials) {
    auto request = signed_by(credentials);
    request.head_id = 2'000'001;
    return identity->authenticate_again(request, "dynamodb");
  };
  const Credentials good{key->id, key->secret, ""};
  const auto first = ask(good), second = ask(good);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ((*first)->principal.name, "ann");
  EXPECT_FALSE(ask({key->id, "another secret", ""}));
  loop.run_for(minutes(20));
  EXPECT_TRUE(ask(good));
  ASSERT_TRUE(wait<AccessKey>(
      [&](auto reply) { directory->update_access_key("000000000000", "ann", key->id, false, std::move(reply)); }));
  EXPECT_FALSE(ask(good));
}

TEST_F(IdentityTest, ARequestOfAKnownHeadIsCheckedToTheLastByte) {
  const auto ask = [&](http::Request request, std::string_view service = "dynamodb") {
    request.head_id = 2'000'003;
    return identity->authenticate_again(request, service);
  };
  const auto good = signed_by(identity->admin_credentials());
  ASSERT_TRUE(ask(good) && ask(good));
  auto other = good;
  other.body = "[]";
  const auto refusal = ask(other);
  ASSERT_FALSE(refusal);
  EXPECT_TRUE(refusal.error().message.starts_with("The request signature we calculated does not match"));
  EXPECT_FALSE(ask(good, "sts"));
  loop.run_for(minutes(16));
  const auto late = ask(good);
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().message.starts_with("Signature expired"));
  EXPECT_TRUE(ask(signed_by(identity->admin_credentials())));
}

TEST_F(IdentityTest, ASessionOfAKnownHeadEndsInTime) {
  const auto admin = identity->authenticate(signed_by(identity->admin_credentials()), "dynamodb")->principal;
  const auto session =
      wait<Session>([&](auto reply) { identity->session_token(admin, minutes(15), std::move(reply)); });
  ASSERT_TRUE(session);
  const auto ask = [&] {
    auto request = signed_by({session->access_key, session->secret_key, session->token});
    request.head_id = 2'000'004;
    return identity->authenticate_again(request, "dynamodb");
  };
  ASSERT_TRUE(ask() && ask());
  loop.run_for(minutes(15));
  const auto late = ask();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::kExpiredToken);
}

TEST_F(IdentityTest, SIG_16_AssumedRoleWorksUntilItExpires) {
  ASSERT_TRUE(create_role("worker"));
  const auto admin = identity->authenticate(signed_by(identity->admin_credentials()), "dynamodb")->principal;
  const auto ann = create_user_with_key("ann");
  const auto caller = identity->authenticate(signed_by({ann->id, ann->secret, ""}), "dynamodb")->principal;
  const auto session = wait<Session>([&](auto reply) {
    identity->assume_role(
        {.caller = caller, .role_arn = "arn:aws:iam::000000000000:role/worker", .session_name = "night"},
        std::move(reply));
  });
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->arn, "arn:aws:sts::000000000000:assumed-role/worker/night");
  EXPECT_TRUE(session->access_key.starts_with("ASIA"));
  const Credentials credentials{session->access_key, session->secret_key, session->token};
  const auto role = identity->authenticate(signed_by(credentials), "dynamodb");
  ASSERT_TRUE(role) << refused(role);
  EXPECT_EQ(role->principal.role_arn, "arn:aws:iam::000000000000:role/worker");
  EXPECT_FALSE(identity->authorize(role->principal, "dynamodb:PutItem", "*"));
  ASSERT_TRUE(wait<Grants>([&](auto reply) {
    directory->attach_policy({.kind = Directory::Holder::kRole, .account = "000000000000", .name = "worker"},
                             "arn:aws:iam::aws:policy/AdministratorAccess", std::move(reply));
  }));
  EXPECT_TRUE(identity->authorize(role->principal, "dynamodb:PutItem", "*"));
  EXPECT_EQ(refused(identity->authenticate(signed_by({session->access_key, session->secret_key, "other"}), "dynamodb")),
            "UnrecognizedClientException: The security token included in the request is invalid.");
  loop.run_for(hours(1));
  EXPECT_EQ(refused(identity->authenticate(signed_by(credentials), "dynamodb")),
            "ExpiredTokenException: The security token included in the request is expired");
}

TEST_F(IdentityTest, RoleIsAssumedOnlyByWhomItTrusts) {
  ASSERT_TRUE(create_role("worker"));
  const auto bob = create_user_with_key("bob");
  const auto caller = identity->authenticate(signed_by({bob->id, bob->secret, ""}), "dynamodb")->principal;
  const auto session = wait<Session>([&](auto reply) {
    identity->assume_role(
        {.caller = caller, .role_arn = "arn:aws:iam::000000000000:role/worker", .session_name = "night"},
        std::move(reply));
  });
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().message,
            "User: arn:aws:iam::000000000000:user/bob is not authorized to perform: sts:AssumeRole on "
            "resource: arn:aws:iam::000000000000:role/worker");
  EXPECT_TRUE(identity->trusts_service("arn:aws:iam::000000000000:role/worker", "lambda.amazonaws.com"));
  EXPECT_FALSE(identity->trusts_service("arn:aws:iam::000000000000:role/worker", "ec2.amazonaws.com"));
}

TEST_F(IdentityTest, EnvironmentCredentialsNameTheEnvironmentAndEndWithIt) {
  ASSERT_TRUE(create_role("worker"));
  const Session session = identity->issue_environment(
      {.role_arn = "arn:aws:iam::000000000000:role/worker", .session_name = "resize", .environment_id = "env-1"});
  const Credentials credentials{session.access_key, session.secret_key, session.token};
  loop.run_for(hours(48));
  const auto caller = identity->authenticate(signed_by(credentials), "dynamodb");
  ASSERT_TRUE(caller) << refused(caller);
  EXPECT_EQ(caller->principal.kind, PrincipalKind::kFunction);
  EXPECT_EQ(caller->principal.environment_id, "env-1");
  EXPECT_EQ(caller->principal.arn, "arn:aws:sts::000000000000:assumed-role/worker/resize");
  EXPECT_FALSE(identity->authorize(caller->principal, "dynamodb:PutItem", "*"));
  identity->revoke_environment("env-1");
  EXPECT_FALSE(identity->authenticate(signed_by(credentials), "dynamodb"));
}

TEST_F(IdentityTest, KafkaLoginChecksHostSignatureAndAge) {
  const PresignedUrl url{.host = "broker.local", .parameters = {{"Action", "kafka-cluster:Connect"}}};
  const auto made = [&](const Credentials& credentials) {
    return PresignedUrl{
        .host = "broker.local",
        .parameters = decode_query(
            presign(url, credentials, {.service = "kafka-cluster", .region = "eu-west-1", .now = loop.clock().wall()},
                    seconds(900)))};
  };
  const auto good = made(identity->admin_credentials());
  const auto login = identity->authenticate_presigned(good, "kafka-cluster");
  ASSERT_TRUE(login) << login.error().message;
  EXPECT_EQ(login->expires, loop.clock().wall() + seconds(900));
  EXPECT_EQ(identity->authenticate_presigned(made({"ADMIN", "wrong", ""}), "kafka-cluster").error().code,
            Errc::kInvalidSignature);
  EXPECT_EQ(identity->authenticate_presigned(made({"NOBODY", "wrong", ""}), "kafka-cluster").error().code,
            Errc::kUnrecognizedClient);
  loop.run_for(minutes(16));
  EXPECT_EQ(identity->authenticate_presigned(good, "kafka-cluster").error().code, Errc::kInvalidSignature);
}

TEST_F(IdentityTest, TheDirectorySurvivesARestart) {
  ASSERT_TRUE(create_role("worker"));
  ASSERT_TRUE(
      grant(Directory::Holder::kRole, "worker", R"({"Statement":[{"Effect":"Allow","Action":"a:b","Resource":"*"}]})"));
  const auto key = create_user_with_key("ann");
  const auto policy = wait<ManagedPolicy>([&](auto reply) {
    directory->create_policy("000000000000", "mine", "/", "",
                             R"({"Statement":[{"Effect":"Allow","Action":"c:d","Resource":"*"}]})", {{"k", "v"}},
                             std::move(reply));
  });
  ASSERT_TRUE(policy);
  ASSERT_TRUE(wait<Grants>([&](auto reply) {
    directory->attach_policy({.account = "000000000000", .name = "worker"}, policy->arn, std::move(reply));
  }));
  const auto role = *directory->role("000000000000", "worker");
  open(memory->crash(0), true);
  EXPECT_EQ(*directory->role("000000000000", "worker"), role);
  EXPECT_EQ(*directory->policy(policy->arn), *policy);
  EXPECT_EQ(directory->policies_of({.account = "000000000000", .name = "worker"}).size(), 2U);
  EXPECT_TRUE(identity->authenticate(signed_by({key->id, key->secret, ""}), "dynamodb"));
}

TEST_F(IdentityTest, DirectoryRefusesWhatIamRefuses) {
  ASSERT_TRUE(create_role("worker"));
  EXPECT_EQ(create_role("worker").error().message, "Role with name worker already exists.");
  EXPECT_EQ(create_role("bad name").error().code, Errc::kValidation);
  EXPECT_EQ(directory->role("000000000000", "none").error().message, "The role with name none cannot be found.");
  EXPECT_EQ(grant(Directory::Holder::kRole, "none", R"({"Statement":[]})").error().code, Errc::kNoSuchEntity);
  EXPECT_EQ(grant(Directory::Holder::kRole, "worker", "{").error().code, Errc::kMalformedPolicyDocument);
  ASSERT_TRUE(grant(Directory::Holder::kRole, "worker", R"({"Statement":[]})"));
  EXPECT_EQ(wait<Role>([&](auto reply) { directory->delete_role("000000000000", "worker", std::move(reply)); })
                .error()
                .message,
            "Cannot delete entity, must delete policies first.");
}

TEST_F(IdentityOff, SIG_15_AnyWellFormedCredentialsAreLetIn) {
  for (const char* key : {"anything", "other"}) {
    const auto caller = identity->authenticate(signed_by({key, "x", ""}), "dynamodb");
    ASSERT_TRUE(caller) << refused(caller);
    EXPECT_EQ(caller->principal.arn, "arn:aws:iam::000000000000:root");
    EXPECT_TRUE(identity->authorize(caller->principal, "dynamodb:PutItem", "*"));
  }
  http::Request unsigned_request{.method = "POST", .target = "/"};
  EXPECT_EQ(refused(identity->authenticate(unsigned_request, "dynamodb")),
            "MissingAuthenticationTokenException: Request is missing Authentication Token");
}

TEST_F(IdentityOff, ACallerIsRememberedUntilTheDirectoryChanges) {
  const Session session = identity->issue_environment(
      {.role_arn = "arn:aws:iam::000000000000:role/r", .session_name = "f", .environment_id = "e9"});
  auto request = signed_by({session.access_key, session.secret_key, session.token});
  request.head_id = 2'000'002;
  const auto first = identity->authenticate_again(request, "dynamodb");
  const auto second = identity->authenticate_again(request, "dynamodb");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ((*first)->principal.environment_id, "e9");
  identity->revoke_environment("e9");
  const auto third = identity->authenticate_again(request, "dynamodb");
  ASSERT_TRUE(third);
  EXPECT_EQ((*third)->principal.kind, PrincipalKind::kAdministrator);
}

TEST_F(IdentityOff, FunctionsAreStillKnown) {
  const Session session = identity->issue_environment(
      {.role_arn = "arn:aws:iam::000000000000:role/r", .session_name = "f", .environment_id = "e9"});
  const auto caller =
      identity->authenticate(signed_by({session.access_key, session.secret_key, session.token}), "dynamodb");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->principal.environment_id, "e9");
  EXPECT_TRUE(identity->authorize(caller->principal, "dynamodb:PutItem", "*"));
}

}  // namespace
}  // namespace tidemill::auth
