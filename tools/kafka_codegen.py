#!/usr/bin/env python3
"""Generates C++ for the Kafka messages of messages.json: requests are decoded, responses encoded.

    kafka_codegen.py messages.json <output folder>     writes <snake_name>.h and .cc for each API, and names.txt
    kafka_codegen.py --list messages.json              prints the snake names, for CMake
"""
import json
import os
import re
import sys

SCALARS = {"int8": "std::int8_t", "int16": "std::int16_t", "int32": "std::int32_t", "int64": "std::int64_t",
           "uint16": "std::uint16_t", "bool": "bool", "uuid": "Uuid"}
METHOD = {"bool": "boolean"}
MAX = 1 << 15


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def span(text):
    low, _, high = text.partition("-")
    return int(low), int(high or low)


class Message:
    """One request or response: its structs, and code for them."""

    def __init__(self, api, side):
        self.api, self.side = api, side
        self.request = side == "request"
        self.served = span(api["versions"])
        self.flexible = api["flexible"] if api["flexible"] is not None else MAX
        self.name = api["name"] + side.capitalize()
        self.structs = []  # (name, fields), inner ones first

    def condition(self, text):
        """The C++ test for a version range inside the served one; None when it always holds."""
        low, high = span(text)
        tests = []
        if low > self.served[0]:
            tests.append(f"version >= {low}")
        if high < self.served[1]:
            tests.append(f"version <= {high}")
        return " && ".join(tests) or None

    def base_type(self, kind):
        if kind in SCALARS:
            return SCALARS[kind]
        if kind == "string":
            return "std::string"
        if kind in ("bytes", "records"):
            return "std::string_view" if self.request else "std::string"
        return kind

    def cpp_type(self, field):
        kind = field["type"]
        out = f"std::vector<{self.base_type(kind[2:])}>" if kind.startswith("[]") else self.base_type(kind)
        return f"std::optional<{out}>" if "nullable" in field else out

    def default(self, field):
        kind, value = field["type"], field.get("default")
        if value is None or value == "" or kind.startswith("[]") or kind not in SCALARS and kind != "string" or kind == "uuid":
            return "" if kind not in SCALARS else ("{}" if kind == "uuid" else " = false" if kind == "bool" else " = 0")
        if value == "null":
            return ""
        if kind == "string":
            return f' = "{value}"'
        if kind == "bool":
            return f" = {str(value).lower()}"
        number = int(str(value), 0)
        if kind == "int32" and number == -(1 << 31):
            return " = std::numeric_limits<std::int32_t>::min()"
        return f" = {number}"

    def collect(self, name, fields):
        for field in fields:
            if "fields" in field:
                self.collect(field["type"].removeprefix("[]"), field["fields"])
        if all(known != name for known, _ in self.structs):
            self.structs.append((name, fields))

    def declare(self):
        self.structs = []
        self.collect("", self.api[self.side])
        inner, out = self.structs[:-1], []
        out.append(f"struct {self.name} {{")
        for name, fields in inner:
            out.append(f"  struct {name} {{")
            out += [f"    {self.member(f)}" for f in fields]
            out.append(f"    bool operator==(const {name}&) const = default;")
            out.append("  };")
        out += [f"  {self.member(f)}" for f in self.api[self.side]]
        if self.request:
            out.append("  // False when the bytes are not a request of that version.")
            out.append("  bool decode(wire::Reader& in, int version);")
        else:
            out.append("  void encode(wire::Writer& out, int version) const;")
        out.append("};")
        return out

    def member(self, field):
        return f"{self.cpp_type(field)} {snake(field['name'])}{self.default(field)};"

    # Decoding.

    def read_value(self, kind, target, nullable, out, indent):
        pad = "  " * indent
        flex = "flexible"
        if kind in SCALARS:
            out.append(f"{pad}{target} = in.{METHOD.get(kind, kind)}();")
        elif kind == "string":
            if nullable:
                out.append(f"{pad}in.string({target}, {flex}, {nullable});")
            else:
                out.append(f"{pad}in.string({target}, {flex});")
        elif kind in ("bytes", "records"):
            if nullable:
                out.append(f"{pad}in.bytes({target}, {flex}, {nullable});")
            else:
                out.append(f"{pad}in.bytes({target}, {flex});")
        elif kind.startswith("[]"):
            element = self.base_type(kind[2:])
            out.append(f"{pad}{{")
            out.append(f"{pad}  const auto count = in.count({flex}, {nullable or 'false'});")
            if nullable:
                out.append(f"{pad}  if (count) {target}.emplace();")
                vector = f"{target}->"
            else:
                vector = f"{target}."
            out.append(f"{pad}  for (std::int64_t i = 0; i < count.value_or(0) && in.ok(); ++i) {{")
            out.append(f"{pad}    in.charge_element();")
            if kind[2:] in SCALARS or kind[2:] in ("string", "bytes"):
                out.append(f"{pad}    {element} value{{}};")
                self.read_value(kind[2:], "value", None, out, indent + 2)
                out.append(f"{pad}    {vector}push_back(std::move(value));")
            else:
                out.append(f"{pad}    read(in, version, flexible, {vector}emplace_back());")
            out.append(f"{pad}  }}")
            out.append(f"{pad}}}")
        elif nullable:
            out.append(f"{pad}if (in.int8() >= 0) read(in, version, flexible, {target}.emplace());")
        else:
            out.append(f"{pad}read(in, version, flexible, {target});")

    def nullable_test(self, field):
        if "nullable" not in field:
            return None
        return self.condition(field["nullable"]) or "true"

    def reader(self, name, fields):
        kind = f"{self.name}::{name}" if name else self.name
        out = [f"void read(wire::Reader& in, [[maybe_unused]] int version, bool flexible, {kind}& to) {{"]
        tagged = [f for f in fields if "tag" in f]
        for field in fields:
            target, test = "to." + snake(field["name"]), self.condition(field["versions"])
            if field in tagged:
                # Served versions of a tagged field are flexible ones, so it is never a plain field as well.
                continue
            if test:
                out.append(f"  if ({test}) {{")
                self.read_value(field["type"], target, self.nullable_test(field), out, 2)
                out.append("  }")
            else:
                self.read_value(field["type"], target, self.nullable_test(field), out, 1)
        out.append("  if (flexible) {")
        if tagged:
            out.append("    in.tags([&](std::uint32_t tag) {")
            out.append("      switch (tag) {")
            for field in tagged:
                out.append(f"        case {field['tag']}:")
                test = self.condition(field["tagged"])
                if test:
                    out.append(f"          if (!({test})) return false;")
                self.read_value(field["type"], "to." + snake(field["name"]), self.nullable_test(field), out, 5)
                out.append("          return true;")
            out.append("        default: return false;")
            out.append("      }")
            out.append("    });")
        else:
            out.append("    in.skip_tags();")
        out.append("  }")
        out.append("}")
        return out

    # Encoding.

    def write_value(self, kind, source, nullable, out, indent):
        pad = "  " * indent
        if kind in SCALARS:
            out.append(f"{pad}out.{METHOD.get(kind, kind)}({source});")
        elif kind == "string":
            out.append(f"{pad}out.string({source}, flexible{', ' + nullable if nullable else ''});")
        elif kind in ("bytes", "records"):
            out.append(f"{pad}out.bytes({source}, flexible{', ' + nullable if nullable else ''});")
        elif kind.startswith("[]"):
            elements = source
            if nullable:
                out.append(f"{pad}if (!{source} && ({nullable})) {{")
                out.append(f"{pad}  out.null_count(flexible);")
                out.append(f"{pad}}} else if (!{source}) {{")
                out.append(f"{pad}  out.count(0, flexible);")
                out.append(f"{pad}}} else {{")
                pad, indent, elements = pad + "  ", indent + 1, f"*{source}"
                out.append(f"{pad}out.count({source}->size(), flexible);")
            else:
                out.append(f"{pad}out.count({source}.size(), flexible);")
            element = kind[2:]
            out.append(f"{pad}for (const auto& element : {elements}) {{")
            if element in SCALARS or element in ("string", "bytes"):
                self.write_value(element, "element", None, out, indent + 1)
            else:
                out.append(f"{pad}  write(out, version, flexible, element);")
            out.append(f"{pad}}}")
            if nullable:
                out.append(f"{pad[2:]}}}")
        elif nullable:
            out.append(f"{pad}out.int8({source} ? 1 : -1);")
            out.append(f"{pad}if ({source}) write(out, version, flexible, *{source});")
        else:
            out.append(f"{pad}write(out, version, flexible, {source});")

    def writer(self, name, fields):
        kind = f"{self.name}::{name}" if name else self.name
        out = [f"void write(wire::Writer& out, [[maybe_unused]] int version, bool flexible, const {kind}& from) {{"]
        tagged = sorted((f for f in fields if "tag" in f), key=lambda f: f["tag"])
        for field in fields:
            if field in tagged:
                continue
            source, test = "from." + snake(field["name"]), self.condition(field["versions"])
            if test:
                out.append(f"  if ({test}) {{")
                self.write_value(field["type"], source, self.nullable_test(field), out, 2)
                out.append("  }")
            else:
                self.write_value(field["type"], source, self.nullable_test(field), out, 1)
        if tagged:
            out.append("  if (flexible) {")
            out.append("    wire::TagWriter tags(out);")
            out.append(f"    static const {kind} kDefault;")
            for field in tagged:
                member, test = snake(field["name"]), self.condition(field["tagged"])
                guard = f"from.{member} != kDefault.{member}" + (f" && {test}" if test else "")
                out.append(f"    if ({guard}) {{")
                out.append(f"      tags.add({field['tag']}, [&](wire::Writer& out) {{")
                self.write_value(field["type"], "from." + member, self.nullable_test(field), out, 4)
                out.append("      });")
                out.append("    }")
            out.append("    tags.finish();")
            out.append("  }")
        else:
            out.append("  if (flexible) out.no_tags();")
        out.append("}")
        return out

    def define(self):
        out = ["namespace {"]
        for name, fields in self.structs:
            kind = f"{self.name}::{name}" if name else self.name
            verb = f"void read(wire::Reader&, int, bool, {kind}&);" if self.request else f"void write(wire::Writer&, int, bool, const {kind}&);"
            out.append(verb)
        for name, fields in self.structs:
            out += self.reader(name, fields) if self.request else self.writer(name, fields)
        out.append("}  // namespace")
        if self.request:
            out += [f"bool {self.name}::decode(wire::Reader& in, int version) {{",
                    f"  read(in, version, version >= {self.flexible}, *this);", "  // Bytes left over are ignored, as Kafka does: librdkafka sends some after the null topic list of a Metadata request.",
                    "  return in.ok();", "}"]
        else:
            out += [f"void {self.name}::encode(wire::Writer& out, int version) const {{",
                    f"  write(out, version, version >= {self.flexible}, *this);", "}"]
        return out


def write_if_changed(path, text):
    try:
        with open(path) as old:
            if old.read() == text:
                os.utime(path)
                return
    except FileNotFoundError:
        pass
    with open(path, "w") as new:
        new.write(text)


def main():
    if sys.argv[1] == "--list":
        with open(sys.argv[2]) as table:
            print(";".join(snake(api["name"]) for api in json.load(table)), end="")
        return
    with open(sys.argv[1]) as table:
        apis = json.load(table)
    folder = sys.argv[2]
    os.makedirs(folder, exist_ok=True)
    for api in apis:
        name = snake(api["name"])
        messages = [Message(api, "request"), Message(api, "response")]
        flexible = api["flexible"] if api["flexible"] is not None else MAX
        header = ["// Generated from messages.json by tools/kafka_codegen.py.", "#pragma once", "",
                  "#include <cstdint>", "#include <limits>", "#include <optional>", "#include <string>",
                  "#include <string_view>", "#include <vector>", "", '#include "api/kafka/wire.h"', "",
                  "namespace tidemill::kafka {", ""]
        source = ["// Generated from messages.json by tools/kafka_codegen.py.",
                  f'#include "kafka_messages/{name}.h"', "", "namespace tidemill::kafka {", ""]
        for message in messages:
            header += message.declare() + [""]
            source += message.define() + [""]
        header += [f"struct {api['name']}Api {{", f"  using Request = {api['name']}Request;",
                   f"  using Response = {api['name']}Response;", f"  static constexpr std::int16_t kKey = {api['key']};",
                   f"  static constexpr std::int16_t kFlexibleFrom = {flexible if flexible != MAX else 32767};", "};", ""]
        for lines, extension in ((header, "h"), (source, "cc")):
            lines.append("}  // namespace tidemill::kafka")
            write_if_changed(os.path.join(folder, f"{name}.{extension}"), "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
