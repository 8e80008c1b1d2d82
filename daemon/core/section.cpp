#include "core/section.hpp"

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <sstream>
#include <system_error>
#include <tuple>
#include <utility>

namespace taskmirror {
namespace {

constexpr std::size_t kMaxSize = 1U << 20U;
constexpr std::size_t kMaxDepth = 16;  // ours has 4

enum class Type : std::uint8_t { null, scalar, list, mapping };

// From 1, as editors count.
struct Place {
    int line = 0;
    int column = 0;
};

// yaml-cpp counts from 0.
Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

struct Problem {
    Place place;
    std::string text;  // with the key
};

}  // namespace

struct Section::Node {
    struct Entry {
        std::string key;  // empty in a list
        Place place;      // of the key
        std::unique_ptr<Node> value;
    };

    Type type = Type::null;
    Place place;
    std::string path;  // "sources[0].limits"
    std::string text;  // of a scalar
    bool quoted = false;
    std::vector<Entry> entries;
    bool read = false;               // a mapping that was taken as a section
    std::vector<std::string> asked;  // the keys that were then asked for
};

struct Section::Reader {
    std::string name;
    std::unique_ptr<Node> root = std::make_unique<Node>();
    std::vector<Problem> problems;
    bool others_may_write = false;

    void add(Place place, std::string_view key, std::string_view what) {
        problems.push_back({place, key.empty() ? std::string(what) : fmt::format("{}: {}", key, what)});
    }

    [[noreturn]] void fail() {
        std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
            return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
        });
        std::string all;
        for (const auto& [place, text] : problems) {
            all += fmt::format("{}{}:{}:{}: {}", all.empty() ? "" : "\n", name, place.line, place.column, text);
        }
        throw Fatal(ExitCode::configuration, all);
    }
};

namespace {

using Node = Section::Node;
using Reader = Section::Reader;

// Builds the tree from the parser's events, which still know where everything stands and how it was written.
class Builder final : public YAML::EventHandler {
  public:
    explicit Builder(Reader& reader) : reader_(reader) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (std::exchange(started_, true)) stop(mark, "", "a second document begins here: keep one");
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(Type::null, mark, "?", anchor); }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
        const Node* const node = add(Type::null, mark, "?", 0);
        refuse(mark, node->path, "an alias (*) is not taken here: write the value out");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        if (wants_key()) {
            refuse_decoration(mark, path_of(value), tag, anchor);
            start_entry(mark, value);
            return;
        }
        Node* const node = add(Type::scalar, mark, tag, anchor);
        node->text = value;
        node->quoted = tag != "?";
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override {
        open(Type::list, mark, tag, anchor);
    }
    void OnSequenceEnd() override { open_.pop_back(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override {
        open(Type::mapping, mark, tag, anchor);
    }
    void OnMapEnd() override { open_.pop_back(); }

  private:
    bool wants_key() const {
        if (open_.empty() || open_.back()->type != Type::mapping) return false;
        const auto& entries = open_.back()->entries;
        return entries.empty() || entries.back().value != nullptr;
    }

    std::string path_of(std::string_view key) const {
        const std::string& path = open_.back()->path;
        return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
    }

    void start_entry(const YAML::Mark& mark, const std::string& key) {
        auto& entries = open_.back()->entries;
        const auto first = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == key; });
        if (first != entries.end()) {
            refuse(mark, path_of(key), fmt::format("is there already, in line {}: keep one", first->place.line));
        }
        entries.push_back({key, place_of(mark), nullptr});
    }

    Node* add(Type type, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (wants_key()) stop(mark, open_.back()->path, "a key must be a word");
        Node* node = reader_.root.get();
        Place place = place_of(mark);
        if (!open_.empty()) {
            Node& parent = *open_.back();
            const std::string path = parent.type == Type::list
                                         ? fmt::format("{}[{}]", parent.path, parent.entries.size())
                                         : path_of(parent.entries.back().key);
            if (parent.type == Type::list) parent.entries.push_back({"", place, nullptr});
            // The parser puts an empty value where the next token stands, which may be many lines below.
            if (type == Type::null) place = parent.type == Type::list ? parent.place : parent.entries.back().place;
            parent.entries.back().value = std::make_unique<Node>();
            node = parent.entries.back().value.get();
            node->path = path;
        }
        node->type = type;
        node->place = place;
        refuse_decoration(mark, node->path, tag, anchor);
        return node;
    }

    void open(Type type, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (open_.size() == kMaxDepth) {
            stop(mark, "", fmt::format("nested more than {} deep: no option needs that", kMaxDepth));
        }
        open_.push_back(add(type, mark, tag, anchor));
    }

    // The parser gives "?" for what is plain and "!" for what is quoted.
    void refuse_decoration(const YAML::Mark& mark, const std::string& path, const std::string& tag,
                           YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, path, "an anchor (&) is not taken here: write the value out where it is needed");
        if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, path, "a tag (!) is not taken here: remove it");
    }

    void refuse(const YAML::Mark& mark, const std::string& path, std::string_view what) {
        reader_.add(place_of(mark), path, what);
    }
    [[noreturn]] void stop(const YAML::Mark& mark, const std::string& path, std::string_view what) {
        refuse(mark, path, what);
        reader_.fail();
    }

    Reader& reader_;
    std::vector<Node*> open_;
    bool started_ = false;
};

// In this line, counted from 0: what the parser says about it does not help.
std::optional<Place> indenting_tab(std::string_view text, int line) {
    for (int i = 0; i < line; ++i) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return std::nullopt;
        text.remove_prefix(end + 1);
    }
    const std::size_t spaces = text.find_first_not_of(' ');
    if (spaces == std::string_view::npos || text[spaces] != '\t') return std::nullopt;
    return Place{line + 1, static_cast<int>(spaces) + 1};
}

std::string described(const Node& node) {
    switch (node.type) {
        case Type::null:
            return "an empty value";
        case Type::scalar:
            return node.quoted ? "a text in quotes: remove the quotes" : fmt::format("'{}'", node.text);
        case Type::list:
            return "a list";
        case Type::mapping:
            return "a mapping";
    }
    return {};
}

constexpr std::pair<char, int> kUnits[] = {{'d', 86'400}, {'h', 3600}, {'m', 60}, {'s', 1}};

std::optional<std::chrono::seconds> time_of(const Section::Node& node) {
    if (node.quoted || node.text.size() < 2) return std::nullopt;
    const auto* const unit = std::ranges::find(kUnits, node.text.back(), &std::pair<char, int>::first);
    int count = 0;
    const char* const end = node.text.data() + node.text.size() - 1;
    const auto [read, error] = std::from_chars(node.text.data(), end, count);
    if (unit == std::end(kUnits) || error != std::errc() || read != end || count < 0) return std::nullopt;
    return std::chrono::seconds(std::int64_t{count} * unit->second);
}

std::string time_text(std::chrono::seconds time) {
    const auto* const unit = std::ranges::find_if(kUnits, [&](const auto& u) { return time.count() % u.second == 0; });
    return fmt::format("{}{}", time.count() / unit->second, unit->first);
}

std::optional<int> whole_number(const Node& node) {
    const std::string_view text = node.text;
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (node.quoted || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (text != std::to_string(value)) return std::nullopt;  // 010 is an octal number in YAML 1.1
    return value;
}

std::optional<double> decimal_number(const Node& node) {
    const std::string_view text = node.text;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (node.quoted || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;  // inf, nan
    if (text.size() > 1 && text[0] == '0' && text[1] != '.') return std::nullopt;
    return value;
}

std::optional<std::string_view> mistake_of_text(const Node& node) {
    if (node.text.empty()) return "must not be empty: leave it out for the default";
    if (has_control_characters(node.text)) return "must be a text without control characters";
    return std::nullopt;
}

void check_keys(Reader& reader, const Node& node) {
    for (const Node::Entry& entry : node.entries) {
        const bool known = std::find(node.asked.begin(), node.asked.end(), entry.key) != node.asked.end();
        if (!node.read || known) {
            if (entry.value) check_keys(reader, *entry.value);
            continue;
        }
        std::vector<std::string_view> names(node.asked.begin(), node.asked.end());
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        const auto meant = closest(entry.key, names);
        reader.add(entry.place, node.path.empty() ? entry.key : fmt::format("{}.{}", node.path, entry.key),
                   meant ? fmt::format("unknown key, did you mean {}?", *meant)
                         : fmt::format("unknown key, known here: {}", listed(names)));
    }
}

}  // namespace

Section::Node* Section::find(std::string_view key) const {
    if (node_ == nullptr) return nullptr;
    for (const Node::Entry& entry : node_->entries) {
        if (entry.key == key) return entry.value && entry.value->type != Type::null ? entry.value.get() : nullptr;
    }
    return nullptr;
}

Section::Node* Section::ask(std::string_view key) {
    if (node_ != nullptr) node_->asked.emplace_back(key);
    return find(key);
}

const Section::Node* Section::scalar(std::string_view key, std::string_view expected) {
    const Node* const node = ask(key);
    if (node == nullptr || node->type == Type::scalar) return node;
    mismatch(*node, expected);
    return nullptr;
}

void Section::mismatch(const Node& found, std::string_view expected) {
    reader_->add(found.place, found.path, fmt::format("must be {}, not {}", expected, described(found)));
}

bool Section::has(std::string_view key) const { return find(key) != nullptr; }

void Section::reject(std::string_view key, std::string_view why) {
    if (node_ == nullptr) return;
    const Node* const node = find(key);
    if (node != nullptr) return reader_->add(node->place, node->path, why);
    reader_->add(node_->place, node_->path.empty() ? std::string(key) : fmt::format("{}.{}", node_->path, key), why);
}

void Section::read(std::string_view key, bool& value) {
    constexpr std::string_view kExpected = "true or false";
    const Node* const node = scalar(key, kExpected);
    if (node == nullptr) return;
    if (node->quoted || (node->text != "true" && node->text != "false")) return mismatch(*node, kExpected);
    value = node->text == "true";
}

void Section::read(std::string_view key, double& value, double least, double most) {
    const std::string expected = fmt::format("a decimal number from {} to {}", least, most);
    const Node* const node = scalar(key, expected);
    if (node == nullptr) return;
    const auto number = decimal_number(*node);
    if (!number || *number < least || *number > most) return mismatch(*node, expected);
    value = *number;
}

void Section::read(std::string_view key, int& value, int least, int most) {
    const std::string expected = fmt::format("a whole number from {} to {}", least, most);
    const Node* const node = scalar(key, expected);
    if (node == nullptr) return;
    const auto number = whole_number(*node);
    if (!number || *number < least || *number > most) return mismatch(*node, expected);
    value = *number;
}

void Section::read(std::string_view key, std::chrono::seconds& value, std::chrono::seconds least,
                   std::chrono::seconds most) {
    const std::string expected =
        fmt::format("a time from {} to {}, such as 90s, 5m, 1h or 7d", time_text(least), time_text(most));
    const Node* const node = scalar(key, expected);
    if (node == nullptr) return;
    const auto time = time_of(*node);
    if (!time || *time < least || *time > most) return mismatch(*node, expected);
    value = *time;
}

void Section::read_or_auto(std::string_view key, int& value, int least, int most) {
    const std::string expected = fmt::format("auto or a whole number from {} to {}", least, most);
    const Node* const node = scalar(key, expected);
    if (node == nullptr) return;
    const auto number = node->text == "auto" ? 0 : whole_number(*node);
    if (!number || (node->text != "auto" && (*number < least || *number > most))) return mismatch(*node, expected);
    value = *number;
}

void Section::read(std::string_view key, std::string& value) {
    const Node* const node = scalar(key, "a text");
    if (node == nullptr) return;
    if (const auto mistake = mistake_of_text(*node)) return reader_->add(node->place, node->path, *mistake);
    value = node->text;
}

void Section::read(std::string_view key, std::vector<std::string>& value) {
    const Node* const list = ask(key);
    if (list == nullptr) return;
    if (list->type != Type::list) return mismatch(*list, "a list of texts, such as [a, b]");
    std::vector<std::string> texts;
    for (const Node::Entry& entry : list->entries) {
        const Node& node = *entry.value;
        if (node.type != Type::scalar) {
            mismatch(node, "a text");
        } else if (const auto mistake = mistake_of_text(node)) {
            reader_->add(node.place, node.path, *mistake);
        } else {
            texts.push_back(node.text);
        }
    }
    value = std::move(texts);
}

std::optional<std::size_t> Section::choice(std::string_view key, std::span<const std::string_view> names) {
    const std::string expected = names.size() == 1 ? std::string(names[0]) : fmt::format("one of {}", listed(names));
    const Node* const node = scalar(key, expected);
    if (node == nullptr) return std::nullopt;
    const auto at = std::find(names.begin(), names.end(), node->text);
    if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
    const auto meant = closest(node->text, names);
    reject(key, fmt::format("must be {}, not '{}'{}", expected, node->text,
                            meant ? fmt::format(", did you mean {}?", *meant) : ""));
    return std::nullopt;
}

Section Section::section(std::string_view key) {
    Node* node = ask(key);
    if (node != nullptr && node->type != Type::mapping) {
        mismatch(*node, "a mapping of keys to values");
        node = nullptr;
    }
    return {*reader_, node};
}

std::vector<Section> Section::sections(std::string_view key) {
    std::vector<Section> sections;
    const Node* const list = ask(key);
    if (list == nullptr) return sections;
    if (list->type != Type::list) {
        mismatch(*list, "a list, each entry beginning with a dash");
        return sections;
    }
    for (const Node::Entry& entry : list->entries) {
        if (entry.value->type == Type::mapping) {
            sections.push_back(Section(*reader_, entry.value.get()));
        } else {
            mismatch(*entry.value, "a mapping of keys to values");
        }
    }
    return sections;
}

Section::Section(Reader& reader, Node* node) : reader_(&reader), node_(node) {
    if (node_ != nullptr) node_->read = true;
}

Document::Document(std::string_view text, const std::string& name) : reader_(std::make_unique<Reader>()) {
    reader_->name = name;
    std::string_view rest = text;
    Place place{1, 1};
    while (const std::size_t size = utf8_character(rest)) {
        place = rest.front() == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
        rest.remove_prefix(size);
    }
    if (!rest.empty()) {
        reader_->add(place, "", "not UTF-8: save the file in this encoding");
        reader_->fail();
    }
    std::istringstream stream{std::string(text)};
    try {
        Builder builder(*reader_);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
    } catch (const YAML::Exception& error) {
        if (const auto tab = indenting_tab(text, error.mark.line)) {
            reader_->add(*tab, "", "a tab indents this line: use spaces");
        } else {
            reader_->add(place_of(error.mark), "", fmt::format("not YAML: {}", error.msg));
        }
        reader_->fail();
    }
}

Document Document::open(const std::filesystem::path& path) {
    try {
        const Descriptor file = open_file(path);
        const auto text = read_file(file, kMaxSize);
        if (!text) {
            throw Fatal(ExitCode::configuration,
                        fmt::format("{}: larger than 1 MiB: this is no configuration file", path.string()));
        }
        Document document(*text, path.string());
        document.reader_->others_may_write = taskmirror::others_may_write(file);
        return document;
    } catch (const std::system_error& error) {
        throw Fatal(ExitCode::configuration,
                    fmt::format("{}: cannot be read: {}", path.string(), error.code().message()));
    }
}

Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Section Document::root() {
    Node* node = reader_->root.get();
    if (node->type == Type::mapping || node->type == Type::null) return {*reader_, node};
    reader_->add(node->place, "", fmt::format("must be a mapping of keys to values, not {}", described(*node)));
    return {*reader_, nullptr};
}

bool Document::others_may_write() const { return reader_->others_may_write; }

void Document::finish() {
    check_keys(*reader_, *reader_->root);
    if (!reader_->problems.empty()) reader_->fail();
}

}  // namespace taskmirror
