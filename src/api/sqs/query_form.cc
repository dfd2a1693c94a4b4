#include "api/sqs/query_form.h"

namespace tidemill::sqs {
namespace {

json::Value message_attributes(const api::Form& form) {
  json::Object out;
  for (const api::Form& attribute : form.structures("MessageAttribute")) {
    json::Object value;
    for (const char* member : {"DataType", "StringValue", "BinaryValue"})
      if (const auto text = attribute.find(std::string("Value.") + member)) value[member] = *text;
    out[attribute.get("Name")] = std::move(value);
  }
  return out;
}

json::Object scalars(const api::Form& form) {
  json::Object out;
  for (const auto& [name, value] : form.all())
    if (name.find('.') == std::string::npos) out[name] = value;
  if (auto attributes = message_attributes(form); !attributes.as_object().empty())
    out["MessageAttributes"] = std::move(attributes);
  return out;
}

void add_list(json::Object& out, const api::Form& form, std::string_view parameter, std::string_view member) {
  json::Array list;
  for (const std::string& value : form.list(parameter)) list.push_back(value);
  if (!list.empty()) out[member] = std::move(list);
}

std::string plain(const json::Value& value) { return value.is_string() ? value.as_string() : value.text(); }

void add_pairs(api::Xml& xml, const json::Value* map, std::string_view element, std::string_view key,
               std::string_view value) {
  if (!map || !map->is_object()) return;
  for (const auto& [name, text] : map->as_object())
    xml.open(element).element(key, name).element(value, plain(text)).close(element);
}

void add_scalars(api::Xml& xml, const json::Value& object) {
  for (const auto& [name, value] : object.as_object())
    if (!value.is_object() && !value.is_array()) xml.element(name, plain(value));
}

}  // namespace

json::Value body_of_form(const api::Form& form) {
  json::Object out = scalars(form);
  const auto pairs = [&](std::string_view parameter, std::string_view key, std::string_view member) {
    json::Object map;
    for (const api::Form& entry : form.structures(parameter)) map[entry.get(key)] = entry.get("Value");
    if (!map.empty()) out[member] = std::move(map);
  };
  pairs("Attribute", "Name", "Attributes");
  pairs("Tag", "Key", form.get("Action") == "CreateQueue" ? "tags" : "Tags");
  add_list(out, form, "TagKey", "TagKeys");
  add_list(out, form, "AttributeName", "AttributeNames");
  add_list(out, form, "MessageAttributeName", "MessageAttributeNames");
  add_list(out, form, "MessageSystemAttributeName", "MessageSystemAttributeNames");
  json::Array entries;
  for (const char* parameter :
       {"SendMessageBatchRequestEntry", "DeleteMessageBatchRequestEntry", "ChangeMessageVisibilityBatchRequestEntry"})
    for (const api::Form& entry : form.structures(parameter)) entries.push_back(scalars(entry));
  if (!entries.empty()) out["Entries"] = std::move(entries);
  return out;
}

std::string result_xml(std::string_view operation, const json::Value& answer) {
  api::Xml xml;
  add_scalars(xml, answer);
  for (const char* member : {"QueueUrls", "queueUrls"})
    if (const auto* urls = answer.find(member))
      for (const auto& url : urls->as_array()) xml.element("QueueUrl", url.as_string());
  add_pairs(xml, answer.find("Attributes"), "Attribute", "Name", "Value");
  add_pairs(xml, answer.find("Tags"), "Tag", "Key", "Value");
  if (const auto* messages = answer.find("Messages"))
    for (const auto& message : messages->as_array()) {
      xml.open("Message");
      add_scalars(xml, message);
      add_pairs(xml, message.find("Attributes"), "Attribute", "Name", "Value");
      if (const auto* attributes = message.find("MessageAttributes"))
        for (const auto& [name, value] : attributes->as_object()) {
          xml.open("MessageAttribute").element("Name", name).open("Value");
          add_scalars(xml, value);
          xml.close("Value").close("MessageAttribute");
        }
      xml.close("Message");
    }
  const std::string entry = std::string(operation) + "ResultEntry";
  if (const auto* successful = answer.find("Successful"))
    for (const auto& one : successful->as_array()) {
      xml.open(entry);
      add_scalars(xml, one);
      xml.close(entry);
    }
  if (const auto* failed = answer.find("Failed"))
    for (const auto& one : failed->as_array()) {
      xml.open("BatchResultErrorEntry");
      add_scalars(xml, one);
      xml.close("BatchResultErrorEntry");
    }
  return xml.take();
}

}  // namespace tidemill::sqs
