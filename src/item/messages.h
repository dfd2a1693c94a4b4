// The service's texts about attribute values, in one place.
#pragma once

#include <string_view>

namespace tidemill::item::messages {

inline constexpr std::string_view kEmptyValue =
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
inline constexpr std::string_view kSeveralTypes =
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes";
inline constexpr std::string_view kInvalid = "One or more parameter values were invalid: ";  // prefix
inline constexpr std::string_view kNullIsFalse =
    "One or more parameter values were invalid: Null attribute value types must have the value of true";
// The double blank is the service's.
inline constexpr std::string_view kEmptyStringSet =
    "One or more parameter values were invalid: An string set  may not be empty";
inline constexpr std::string_view kEmptyNumberSet =
    "One or more parameter values were invalid: An number set  may not be empty";
inline constexpr std::string_view kEmptyBinarySet =
    "One or more parameter values were invalid: Binary sets should not be empty";
inline constexpr std::string_view kNullInStringSet =
    "One or more parameter values were invalid: An string set may not have a null string as a member";
inline constexpr std::string_view kNullInNumberSet =
    "One or more parameter values were invalid: An number set may not have a null string as a member";
inline constexpr std::string_view kNullInBinarySet =
    "One or more parameter values were invalid: Binary sets may not contain null values";
inline constexpr std::string_view kDuplicateNumbers = "Input collection contains duplicates";
inline constexpr std::string_view kNotNumeric = "The parameter cannot be converted to a numeric value";
inline constexpr std::string_view kOverflow =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
inline constexpr std::string_view kUnderflow =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
inline constexpr std::string_view kTooPrecise = "Attempting to store more than 38 significant digits in a Number";
inline constexpr std::string_view kTooDeep =
    "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit";
inline constexpr std::string_view kEmptyName = "One or more parameter values were invalid: Empty attribute name";
inline constexpr std::string_view kNameTooLarge =
    "One or more parameter values were invalid: Attribute name is too large, must be less than 65536 bytes";
inline constexpr std::string_view kCorrupt = "stored item does not decode";

}  // namespace tidemill::item::messages
