#include "expr/parser_base.h"

#include <charconv>

#include "expr/messages.h"

namespace tidemill::expr {

Status ParserBase::check_text(std::string_view text) {
  if (text.size() > kMaxExpressionBytes) return invalid(messages::too_large(text.size()));
  if (text.find_first_not_of(" \t\r\n") == text.npos) return invalid_counted(messages::kEmpty);
  return {};
}

bool ParserBase::take_if(TokenKind kind) {
  if (!at(kind)) return false;
  ++at_;
  return true;
}

// `near` is the text from the token before to the token behind.
std::unexpected<Error> ParserBase::syntax_error() const {
  const Token& wrong = tokens_[at_];
  const Token& before = at_ > 0 ? tokens_[at_ - 1] : wrong;
  if (wrong.kind == TokenKind::kEnd) return invalid(messages::syntax("<EOF>", at_ > 0 ? before.text : ""));
  const Token& behind = tokens_[at_ + 1].kind == TokenKind::kEnd ? wrong : tokens_[at_ + 1];
  const std::string_view near(before.text.data(),
                              static_cast<std::size_t>(behind.text.data() + behind.text.size() - before.text.data()));
  return invalid(messages::syntax(wrong.text, near));
}

Status ParserBase::expect(TokenKind kind) {
  if (!take_if(kind)) return syntax_error();
  return {};
}

Status ParserBase::enter() {
  take();
  if (++nesting_ > nesting_max_) return invalid(messages::kRedundantParentheses);
  return {};
}

Status ParserBase::leave() {
  --nesting_;
  return expect(TokenKind::kClose);
}

void ParserBase::note_redundant_parentheses() {
  note(Problem::kParentheses, std::string(messages::kRedundantParentheses));
}

Result<PathText::Element> ParserBase::path_name(IsKeyword is_keyword) {
  PathText::Element element;
  if (at(TokenKind::kNameRef)) {
    element.kind = PathText::Element::Kind::kReference;
  } else if (!at(TokenKind::kName) || is_keyword(peek().text)) {
    return syntax_error();
  } else if (is_reserved_word(peek().text)) {
    note(Problem::kReservedWord, messages::reserved_word(peek().text));
  }
  element.text = take().text;
  return element;
}

Result<PathText::Element> ParserBase::path_index() {
  if (!at(TokenKind::kDigits)) return syntax_error();
  PathText::Element element{.kind = PathText::Element::Kind::kIndex, .text = {}, .index = 0};
  const auto digits = take().text;
  // Lists are indexed by 32-bit integers.
  std::int32_t index = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), index).ec != std::errc{}) {
    note(Problem::kPath, messages::index_out_of_range(digits));
  }
  element.index = static_cast<std::uint32_t>(index);
  TM_CHECK(expect(TokenKind::kCloseIndex));
  return element;
}

Result<PathText> ParserBase::path(IsKeyword is_keyword) {
  PathText path;
  TM_TRY(auto head, path_name(is_keyword));
  path.elements.push_back(std::move(head));
  while (true) {
    if (take_if(TokenKind::kDot)) {
      TM_TRY(auto element, path_name(is_keyword));
      path.elements.push_back(std::move(element));
    } else if (take_if(TokenKind::kOpenIndex)) {
      TM_TRY(auto element, path_index());
      path.elements.push_back(std::move(element));
    } else {
      break;
    }
  }
  if (path.elements.size() > kMaxPathElements) note(Problem::kPath, messages::path_too_deep(path.elements.size()));
  return path;
}

void ParserBase::note(Problem problem, std::string message) {
  auto& slot = problems_[static_cast<std::size_t>(problem)];
  if (!slot) slot = std::move(message);
}

Status ParserBase::noted(std::initializer_list<Problem> order) const {
  for (const Problem problem : order) {
    const auto& slot = problems_[static_cast<std::size_t>(problem)];
    if (slot) return problem == Problem::kSection ? invalid_counted(*slot) : invalid(*slot);
  }
  return {};
}

}  // namespace tidemill::expr
