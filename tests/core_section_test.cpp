#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "core/section.hpp"

#include "temporary_folder.hpp"

#include <array>
#include <functional>

using namespace taskmirror;
using testing::TemporaryFolder;

namespace {

enum class Colour { red, green };
constexpr std::array<std::string_view, 2> kColours = {"red", "green"};

// One option of each kind.
struct Options {
    bool flag = false;
    double share = 0.5;
    int number = 7;
    int count = 9;
    Colour colour = Colour::red;
    std::string text = "default";
    std::vector<std::string> list = {"default"};
    std::vector<std::string> names;  // of the entries
};

Options read(Document& document) {
    Options options;
    Section root = document.root();
    Section group = root.section("group");
    group.read("flag", options.flag);
    group.read("share", options.share, 0.1, 1);
    group.read_or_auto("number", options.number, 1, 100);
    group.read("count", options.count, 0, 100);
    group.read("colour", options.colour, kColours);
    root.read("text", options.text);
    root.read("list", options.list);
    for (Section& entry : root.sections("entries")) {
        std::string name;
        entry.read("name", name);
        options.names.push_back(name);
    }
    document.finish();
    return options;
}

Options read(const std::string& text) {
    Document document(text, "f");
    return read(document);
}

std::string message_of(const std::function<void()>& run) {
    try {
        run();
    } catch (const Fatal& error) {
        CHECK(error.code() == ExitCode::configuration);
        return error.what();
    }
    return "none";
}

std::string mistakes(const std::string& text) {
    return message_of([&] { read(text); });
}

}  // namespace

TEST_CASE("values are read with their types") {
    const Options options = read(
        "group: {flag: true, share: 0.25, number: 12, colour: green}\n"
        "text: 0012\n"
        "list: [a, 'b c', 007, true]\n"
        "entries:\n"
        "  - name: one\n"
        "  - name: \"two\"\n");

    CHECK(options.flag);
    CHECK(options.share == 0.25);
    CHECK(options.number == 12);
    CHECK(options.colour == Colour::green);
    CHECK(options.text == "0012");
    CHECK(options.list == std::vector<std::string>{"a", "b c", "007", "true"});
    CHECK(options.names == std::vector<std::string>{"one", "two"});
}

TEST_CASE("an empty file, and empty values, are all defaults") {
    const std::string text =
        GENERATE("", "# a comment\n", "---\n", "~", "\xEF\xBB\xBF", "group:\ntext:\nlist: ~\nentries: null\n",
                 "group: {flag: , share: ~, number: }\n");
    CAPTURE(text);

    const Options options = read(text);

    CHECK_FALSE(options.flag);
    CHECK(options.share == 0.5);
    CHECK(options.number == 7);
    CHECK(options.text == "default");
    CHECK(options.list == std::vector<std::string>{"default"});
    CHECK(options.names.empty());
}

TEST_CASE("auto is zero") {
    CHECK(read("group: {number: auto}").number == 0);
    CHECK(read("group: {number: 'auto'}").number == 0);
    CHECK(read("group: {count: 0}").count == 0);
    CHECK(read("group: {share: 1}").share == 1);
}

TEST_CASE("a mistake is named with file, line, column, key and what would be right") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        // unknown keys
        {"txet: a", "f:1:1: txet: unknown key, did you mean text?"},
        {"group:\n  colors: red", "f:2:3: group.colors: unknown key, did you mean colour?"},
        {"\nblah-blah: 1", "f:2:1: blah-blah: unknown key, known here: entries, group, list, text"},
        {"entries:\n- name: a\n  nam: b", "f:3:3: entries[0].nam: unknown key, did you mean name?"},
        {"<<: {text: a}", "f:1:1: <<: unknown key, known here: entries, group, list, text"},
        // duplicate keys
        {"text: a\ngroup:\ntext: b", "f:3:1: text: is there already, in line 1: keep one"},
        {"group: {flag: true, flag: false}", "f:1:21: group.flag: is there already, in line 1: keep one"},
        // booleans
        {"group: {flag: yes}", "f:1:15: group.flag: must be true or false, not 'yes'"},
        {"group: {flag: 1}", "f:1:15: group.flag: must be true or false, not '1'"},
        {"group: {flag: 'true'}", "f:1:15: group.flag: must be true or false, not a text in quotes: remove the quotes"},
        {"group: {flag: [true]}", "f:1:15: group.flag: must be true or false, not a list"},
        // whole numbers
        {"group:\n  number: \"5\"",
         "f:2:11: group.number: must be auto or a whole number from 1 to 100, not a text in quotes: remove the quotes"},
        {"group: {number: 010}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '010'"},
        {"group: {number: 0x1F}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '0x1F'"},
        {"group: {number: 1e1}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '1e1'"},
        {"group: {number: 5.0}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '5.0'"},
        {"group: {number: +5}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '+5'"},
        {"group: {number: 1_0}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '1_0'"},
        {"group: {number: 0}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '0'"},
        {"group: {number: 101}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '101'"},
        {"group: {count: auto}", "f:1:16: group.count: must be a whole number from 0 to 100, not 'auto'"},
        {"group: {count: 101}", "f:1:16: group.count: must be a whole number from 0 to 100, not '101'"},
        {"group: {number: -1}", "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '-1'"},
        {"group: {number: 99999999999999999999}",
         "f:1:17: group.number: must be auto or a whole number from 1 to 100, not '99999999999999999999'"},
        {"group: {number: {a: b}}",
         "f:1:17: group.number: must be auto or a whole number from 1 to 100, not a mapping"},
        // decimal numbers
        {"group: {share: 1.5}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not '1.5'"},
        {"group: {share: 0.01}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not '0.01'"},
        {"group: {share: 5e-1}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not '5e-1'"},
        {"group: {share: 80%}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not '80%'"},
        {"group: {share: .nan}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not '.nan'"},
        {"group: {share: nan}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not 'nan'"},
        {"group: {share: 00.5}", "f:1:16: group.share: must be a decimal number from 0.1 to 1, not '00.5'"},
        {"group: {share: '0.5'}",
         "f:1:16: group.share: must be a decimal number from 0.1 to 1, not a text in quotes: remove the quotes"},
        // enumerations
        {"group: {colour: gren}", "f:1:17: group.colour: must be one of red, green, not 'gren', did you mean green?"},
        {"group: {colour: blue-ish}", "f:1:17: group.colour: must be one of red, green, not 'blue-ish'"},
        // texts and lists
        {"text: [a]", "f:1:7: text: must be a text, not a list"},
        {"text: ''", "f:1:7: text: must not be empty: leave it out for the default"},
        {"text: \"a\\nb\"", "f:1:7: text: must be a text without control characters"},
        {"list: a", "f:1:7: list: must be a list of texts, such as [a, b], not 'a'"},
        {"list: [a, [b]]", "f:1:11: list[1]: must be a text, not a list"},
        {"list:\n- a\n-\n- b", "f:2:1: list[1]: must be a text, not an empty value"},
        {"list: [a, \"\\0\"]", "f:1:11: list[1]: must be a text without control characters"},
        // structure
        {"group: [flag]", "f:1:8: group: must be a mapping of keys to values, not a list"},
        {"entries: {name: a}", "f:1:10: entries: must be a list, each entry beginning with a dash, not a mapping"},
        {"entries: [a]", "f:1:11: entries[0]: must be a mapping of keys to values, not 'a'"},
        {"- text: a", "f:1:1: must be a mapping of keys to values, not a list"},
        {"text", "f:1:1: must be a mapping of keys to values, not 'text'"},
        {"? [a]\n: b", "f:1:3: a key must be a word"},
        // what YAML has and a configuration does not need
        {"text: &a b", "f:1:7: text: an anchor (&) is not taken here: write the value out where it is needed"},
        {"group: &a\n  flag: true",
         "f:1:8: group: an anchor (&) is not taken here: write the value out where it is needed"},
        {"text: !!str a", "f:1:7: text: a tag (!) is not taken here: remove it"},
        {"list: !mine [a]", "f:1:7: list: a tag (!) is not taken here: remove it"},
        {"text: a\n---\ntext: b", "f:2:1: a second document begins here: keep one"},
        {"text: *nothing", "f:1:7: not YAML: the referenced anchor is not defined"},
        // syntax
        {"text: [a", "f:1:1: not YAML: end of sequence flow not found"},
        {"group:\n\tflag: true", "f:2:1: a tab indents this line: use spaces"},
        {"text: a\n  list: b", "f:2:7: not YAML: illegal map value"},
        {"text: a\nb\xFF", "f:2:2: not UTF-8: save the file in this encoding"},
    }));
    CAPTURE(text);

    CHECK(mistakes(text) == expected);
}

TEST_CASE("all mistakes are named in one run, in the order of the file") {
    CHECK(mistakes("txet: a\n"
                   "group:\n"
                   "  flag: on\n"
                   "  number: 1e3\n"
                   "  flag: true\n"
                   "list: &x [a]\n"
                   "text: *x\n") ==
          "f:1:1: txet: unknown key, did you mean text?\n"
          "f:3:9: group.flag: must be true or false, not 'on'\n"
          "f:4:11: group.number: must be auto or a whole number from 1 to 100, not '1e3'\n"
          "f:5:3: group.flag: is there already, in line 3: keep one\n"
          "f:6:7: list: an anchor (&) is not taken here: write the value out where it is needed\n"
          "f:7:7: text: an alias (*) is not taken here: write the value out");
}

TEST_CASE("mistakes that were found stand before the one that ends the reading") {
    CHECK(mistakes("text: a\ntext: b\nlist: [") ==
          "f:2:1: text: is there already, in line 1: keep one\n"
          "f:3:1: not YAML: end of sequence flow not found");
}

TEST_CASE("nesting has an end") {
    const std::string deep = std::string(16, '[') + std::string(16, ']');

    CHECK(mistakes(deep) == "f:1:1: must be a mapping of keys to values, not a list");
    CHECK(mistakes("[" + deep + "]") == "f:1:17: nested more than 16 deep: no option needs that");
    CHECK(mistakes(std::string(100'000, '[')) != "none");
}

TEST_CASE("a mistake that the caller sees stands at the value, or at the section without it") {
    Document document("group:\n  flag: true\n", "f");
    Section group = document.root().section("group");
    bool flag = false;
    group.read("flag", flag);
    group.reject("flag", "is out of fashion");
    group.reject("name", "is missing");

    CHECK(message_of([&] { document.finish(); }) ==
          "f:2:3: group.name: is missing\n"
          "f:2:9: group.flag: is out of fashion");
}

TEST_CASE("a file that cannot be read is named with the reason") {
    const TemporaryFolder folder;
    const std::string missing = folder.path() / "missing.yaml";

    CHECK(message_of([&] { Document::open(missing); }) == missing + ": cannot be read: No such file or directory");
    CHECK(message_of([&] { Document::open(folder.path()); }) ==
          folder.path().string() + ": cannot be read: Is a directory");
}

TEST_CASE("a file of more than 1 MiB is refused") {
    const TemporaryFolder folder;
    const auto full = folder.write("full.yaml", std::string(1024 * 1024, '#'));
    const auto large = folder.write("large.yaml", std::string(1024 * 1024 + 1, '#'));

    CHECK_NOTHROW(Document::open(full).finish());
    CHECK(message_of([&] { Document::open(large); }) ==
          large.string() + ": larger than 1 MiB: this is no configuration file");
}

TEST_CASE("who may change a file is known") {
    const TemporaryFolder folder;

    CHECK_FALSE(Document::open(folder.write("a", "", 0644)).others_may_write());
    CHECK(Document::open(folder.write("b", "", 0664)).others_may_write());
    CHECK(Document::open(folder.write("c", "", 0646)).others_may_write());
}
