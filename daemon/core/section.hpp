// Typed reading of one YAML file, with every mistake in it found in one run. The only user of yaml-cpp.
//
// A plain subset: mappings, lists, scalars. Anchors, aliases, tags and further documents are mistakes, and so is every
// key that nobody asked for. It knows no option: what a key means, and its default, is the caller's.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace taskmirror {

// One mapping. Borrowed from its document, empty if it is not there. A value of the wrong kind is a mistake of the
// document, and the caller's value stays as it was; so it does when a key is absent or has no value.
class Section {
  public:
    struct Node;
    struct Reader;

    void read(std::string_view key, bool& value);
    void read(std::string_view key, double& value, double least, double most);
    void read(std::string_view key, int& value, int least, int most);
    // A whole number with s, m, h or d behind it.
    void read(std::string_view key, std::chrono::seconds& value, std::chrono::seconds least, std::chrono::seconds most);
    // Text that is not empty and has no control characters, quoted or not: 0012 and true are texts as they stand.
    void read(std::string_view key, std::string& value);
    void read(std::string_view key, std::vector<std::string>& value);
    // "auto" gives 0.
    void read_or_auto(std::string_view key, int& value, int least, int most);
    // An enumeration whose enumerators, from 0 on, have these names.
    template <typename Enum>
    void read(std::string_view key, Enum& value, std::span<const std::string_view> names) {
        if (const auto index = choice(key, names)) value = static_cast<Enum>(*index);
    }

    Section section(std::string_view key);
    std::vector<Section> sections(std::string_view key);

    // Present, and not empty.
    bool has(std::string_view key) const;
    // A mistake that only the caller can see, at the place of this key's value; of the section, if there is none.
    void reject(std::string_view key, std::string_view why);

  private:
    friend class Document;

    Section(Reader& reader, Node* node);
    // The value; null if it is absent or empty.
    Node* find(std::string_view key) const;
    Node* ask(std::string_view key);  // the same, and the key is known from now on
    // The value, if there is one; a mistake unless it is a scalar. `expected` says what it must be.
    const Node* scalar(std::string_view key, std::string_view expected);
    void mismatch(const Node& found, std::string_view expected);
    std::optional<std::size_t> choice(std::string_view key, std::span<const std::string_view> names);

    Reader* reader_;
    Node* node_;  // null: not there
};

class Document {
  public:
    // `name` stands in messages. Throws Fatal(configuration) where there is no reading on: no YAML, nested too deep.
    Document(std::string_view text, const std::string& name);
    // Throws Fatal(configuration) for a file that cannot be read or is larger than 1 MiB, too.
    static Document open(const std::filesystem::path& path);

    Document(Document&&) noexcept;
    Document& operator=(Document&&) noexcept;
    Document(const Document&) = delete;
    Document& operator=(const Document&) = delete;
    ~Document();

    Section root();
    // Of an opened file: whether someone other than us and root may change it.
    bool others_may_write() const;

    // After everything has been read: throws Fatal(configuration) with all mistakes, a line for each in the order of
    // the file, as `file:line:column: key: what is wrong, what would be right`.
    void finish();

  private:
    std::unique_ptr<Section::Reader> reader_;
};

}  // namespace taskmirror
