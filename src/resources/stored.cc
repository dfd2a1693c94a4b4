// Types without behaviour here: they are stored, and have the ids and attributes that others refer to.
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "resources/resources.h"

namespace tidemill::resources {
namespace {

using deploy::CreateRequest;
using deploy::RemoveRequest;
using deploy::UpdateRequest;

// How attributes are made of the physical id and the properties.
using Attributes = json::Object (*)(const deploy::ResourceContext& context, const std::string& id,
                                    const json::Value& properties);

class Stored final : public deploy::ResourceProvider {
 public:
  // `prefix` begins the id ("vpc-" and 17 hexadecimal digits); empty: the generated name is the id.
  Stored(deploy::ResourceSchema schema, std::string prefix, Attributes attributes)
      : schema_(std::move(schema)), prefix_(std::move(prefix)), attributes_(attributes) {}

  const deploy::ResourceSchema& schema() const override { return schema_; }

  void create(CreateRequest request, Reply<deploy::Outcome, deploy::HandlerError> reply) override {
    std::string id = request.generated_name;
    if (!prefix_.empty()) id = prefix_ + to_hex(sha256(request.context.token)).substr(0, 17);
    if (const auto* named = request.properties.find(schema_.name.property); named != nullptr && named->is_string())
      id = named->as_string();
    std::move(reply)(outcome(request.context, id, request.properties));
  }
  void update(UpdateRequest request, Reply<deploy::Outcome, deploy::HandlerError> reply) override {
    std::move(reply)(outcome(request.context, request.physical_id, request.properties));
  }
  void remove(RemoveRequest, Reply<deploy::Outcome, deploy::HandlerError> reply) override {
    std::move(reply)(deploy::Outcome());
  }

 private:
  deploy::Outcome outcome(const deploy::ResourceContext& context, const std::string& id,
                          const json::Value& properties) const {
    return {id, attributes_ == nullptr ? json::Object() : attributes_(context, id, properties)};
  }
  const deploy::ResourceSchema schema_;
  const std::string prefix_;
  const Attributes attributes_;
};

template <const char* Name>
json::Object id_as(const deploy::ResourceContext&, const std::string& id, const json::Value&) {
  json::Object out;
  out[Name] = id;
  return out;
}

constexpr char kId[] = "Id", kRouteTableId[] = "RouteTableId", kInternetGatewayId[] = "InternetGatewayId",
               kNatGatewayId[] = "NatGatewayId";

json::Object vpc(const deploy::ResourceContext&, const std::string& id, const json::Value& properties) {
  json::Object out;
  out["VpcId"] = id;
  const auto rest = id.substr(id.find('-') + 1);
  out["DefaultSecurityGroup"] = "sg-" + rest;
  out["DefaultNetworkAcl"] = "acl-" + rest;
  out["CidrBlock"] = properties.string_or("CidrBlock", "10.0.0.0/16");
  out["CidrBlockAssociations"] = json::Array{"vpc-cidr-assoc-" + rest};
  out["Ipv6CidrBlocks"] = json::Array();
  return out;
}

json::Object subnet(const deploy::ResourceContext&, const std::string& id, const json::Value& properties) {
  json::Object out;
  out["SubnetId"] = id;
  out["AvailabilityZone"] = properties.string_or("AvailabilityZone");
  out["CidrBlock"] = properties.string_or("CidrBlock");
  out["VpcId"] = properties.string_or("VpcId");
  out["NetworkAclAssociationId"] = "aclassoc-" + id.substr(id.find('-') + 1);
  out["Ipv6CidrBlocks"] = json::Array();
  return out;
}

json::Object security_group(const deploy::ResourceContext&, const std::string& id, const json::Value& properties) {
  json::Object out;
  out["Id"] = id;
  out["GroupId"] = id;
  out["VpcId"] = properties.string_or("VpcId");
  return out;
}

json::Object address(const deploy::ResourceContext&, const std::string& id, const json::Value&) {
  json::Object out;
  out["AllocationId"] = id;
  const auto digest = sha256(id);
  // Of the block reserved for documentation.
  out["PublicIp"] = fmt::format("203.0.113.{}", static_cast<unsigned char>(digest[0]));
  return out;
}

json::Object endpoint(const deploy::ResourceContext&, const std::string& id, const json::Value&) {
  json::Object out;
  out["Id"] = id;
  out["DnsEntries"] = json::Array();
  out["NetworkInterfaceIds"] = json::Array();
  return out;
}

json::Object key(const deploy::ResourceContext& context, const std::string& id, const json::Value&) {
  json::Object out;
  out["KeyId"] = id;
  out["Arn"] = fmt::format("arn:aws:kms:{}:{}:key/{}", context.scope.region, context.scope.account, id);
  return out;
}

json::Object alarm(const deploy::ResourceContext& context, const std::string& id, const json::Value&) {
  json::Object out;
  out["Arn"] = fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", context.scope.region, context.scope.account, id);
  return out;
}

}  // namespace

Family make_stored() {
  Family family;
  const auto add = [&family](deploy::ResourceSchema schema, std::string prefix, Attributes attributes) {
    family.push_back(std::make_unique<Stored>(std::move(schema), std::move(prefix), attributes));
  };
  add({.type = "AWS::CDK::Metadata"}, "", nullptr);
  add({.type = "AWS::CloudFormation::WaitConditionHandle"}, "", nullptr);
  add({.type = "AWS::EC2::VPC",
       .replacement = {"CidrBlock", "Ipv4IpamPoolId", "Ipv4NetmaskLength"},
       .attributes = {"VpcId", "CidrBlock", "CidrBlockAssociations", "DefaultNetworkAcl", "DefaultSecurityGroup",
                      "Ipv6CidrBlocks"}},
      "vpc-", vpc);
  add({.type = "AWS::EC2::Subnet",
       .required = {"VpcId"},
       .replacement = {"VpcId", "AvailabilityZone", "AvailabilityZoneId", "CidrBlock"},
       .attributes = {"SubnetId", "AvailabilityZone", "CidrBlock", "VpcId", "NetworkAclAssociationId",
                      "Ipv6CidrBlocks"}},
      "subnet-", subnet);
  add({.type = "AWS::EC2::SecurityGroup",
       .required = {"GroupDescription"},
       .replacement = {"GroupDescription", "GroupName", "VpcId"},
       .attributes = {"Id", "GroupId", "VpcId"}},
      "sg-", security_group);
  add({.type = "AWS::EC2::SecurityGroupIngress",
       .required = {"IpProtocol"},
       .replacement = {"*"},
       .attributes = {"Id"}},
      "sgr-", id_as<kId>);
  add({.type = "AWS::EC2::SecurityGroupEgress",
       .required = {"IpProtocol", "GroupId"},
       .replacement = {"*"},
       .attributes = {"Id"}},
      "sgr-", id_as<kId>);
  add({.type = "AWS::EC2::RouteTable", .required = {"VpcId"}, .replacement = {"VpcId"}, .attributes = {"RouteTableId"}},
      "rtb-", id_as<kRouteTableId>);
  add({.type = "AWS::EC2::Route",
       .required = {"RouteTableId"},
       .replacement = {"RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock"}},
      "r-", nullptr);
  add({.type = "AWS::EC2::SubnetRouteTableAssociation",
       .required = {"RouteTableId", "SubnetId"},
       .replacement = {"SubnetId", "RouteTableId"},
       .attributes = {"Id"}},
      "rtbassoc-", id_as<kId>);
  add({.type = "AWS::EC2::InternetGateway", .attributes = {"InternetGatewayId"}}, "igw-", id_as<kInternetGatewayId>);
  add({.type = "AWS::EC2::VPCGatewayAttachment", .required = {"VpcId"}, .replacement = {"VpcId"}}, "igw-attach-",
      nullptr);
  add({.type = "AWS::EC2::EIP", .attributes = {"PublicIp", "AllocationId"}}, "eipalloc-", address);
  add({.type = "AWS::EC2::NatGateway",
       .replacement = {"SubnetId", "ConnectivityType", "AllocationId"},
       .attributes = {"NatGatewayId"}},
      "nat-", id_as<kNatGatewayId>);
  add({.type = "AWS::EC2::VPCEndpoint",
       .required = {"VpcId"},
       .replacement = {"ServiceName", "VpcEndpointType", "VpcId"},
       .attributes = {"Id", "DnsEntries", "NetworkInterfaceIds"}},
      "vpce-", endpoint);
  add({.type = "AWS::KMS::Key", .attributes = {"Arn", "KeyId"}}, "key-", key);
  add({.type = "AWS::KMS::Alias",
       .required = {"AliasName", "TargetKeyId"},
       .replacement = {"AliasName"},
       .name = {.property = "AliasName", .max = 250}},
      "", nullptr);
  add({.type = "AWS::CloudWatch::Alarm",
       .replacement = {"AlarmName"},
       .attributes = {"Arn"},
       .name = {.property = "AlarmName", .max = 255}},
      "", alarm);
  return family;
}

}  // namespace tidemill::resources
