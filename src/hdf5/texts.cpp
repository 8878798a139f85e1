#include "texts.hpp"

#include "collective_io.hpp"
#include "heap.hpp"
#include "source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace nodespan::detail {
namespace {

// The reference to a text: its length in 4 bytes, the address of its heap, and its number there in
// 4 bytes.
constexpr std::size_t most_reference_bytes = 4 + 8 + 4;

// Returns the references as they are stored, where HDF5 would follow them.
herr_t keep_reference(hid_t from, hid_t to, H5T_cdata_t* about, std::size_t, std::size_t,
                      std::size_t, void*, void*, hid_t) {
    if (about->command != H5T_CONV_INIT) return 0;
    about->need_bkg = H5T_BKG_NO;
    return H5Tis_variable_str(from) > 0 && H5Tget_size(from) == H5Tget_size(to) ? 0 : -1;
}

// Registers this conversion with HDF5 as long as the object lives.
class reference_conversion {
public:
    explicit reference_conversion(std::size_t bytes)
        : text_(H5Tcopy(H5T_C_S1), "H5Tcopy"),
          raw_(H5Tcreate(H5T_OPAQUE, bytes), "H5Tcreate") {
        hdf5_check(H5Tset_size(text_.get(), H5T_VARIABLE), "H5Tset_size");
        hdf5_check(H5Tregister(H5T_PERS_SOFT, name, text_.get(), raw_.get(), &keep_reference),
                   "H5Tregister");
    }
    ~reference_conversion() {
        H5Tunregister(H5T_PERS_SOFT, name, text_.get(), raw_.get(), &keep_reference);
    }
    reference_conversion(const reference_conversion&) = delete;
    reference_conversion& operator=(const reference_conversion&) = delete;

    hid_t raw() const noexcept { return raw_.get(); }

private:
    static constexpr const char* name = "nodespan references of texts";

    hdf5_handle text_, raw_;
};

// Reads the heaps of a file, and nothing behind them.
class heap_reader {
public:
    explicit heap_reader(hid_t attribute)
        : file_(posix_file::open_to_read(file_of(attribute))),
          length_(file_.size()) {
        const hdf5_handle file(H5Iget_file_id(attribute), "H5Iget_file_id");
        const hdf5_handle made(H5Fget_create_plist(file.get()), "H5Fget_create_plist");
        hsize_t user_block = 0;
        hdf5_check(H5Pget_userblock(made.get(), &user_block), "H5Pget_userblock");
        hdf5_check(H5Pget_sizes(made.get(), &address_bytes_, &size_bytes_), "H5Pget_sizes");
        begin_ = user_block;
        if (address_bytes_ > 8 || size_bytes_ > 8)
            refuse("a heap of the file, where HDF5 keeps texts, is damaged");
    }

    std::size_t reference_bytes() const noexcept { return 4 + address_bytes_ + 4; }

    std::string text(const std::byte* reference) {
        const std::uint64_t bytes = number_at(reference, 4);
        const std::uint64_t heap = number_at(reference + 4, address_bytes_);
        const std::uint64_t number = number_at(reference + 4 + address_bytes_, 4);
        if (bytes == 0) return "";
        const objects& there = objects_of(heap);
        const auto found = there.find(number);
        if (found == there.end() || found->second.bytes < bytes)
            refuse(fmt::format("a text of {} bytes is not where the file says", bytes));
        std::string text(bytes, '\0');
        file_.read(found->second.address, text.data(), bytes);
        text.resize(text.find_last_not_of('\0') + 1);
        return text;
    }

private:
    using objects = std::map<std::uint64_t, heap_object>;

    const objects& objects_of(std::uint64_t heap) {
        auto known = heaps_.find(heap);
        if (known == heaps_.end()) {
            if (heap > length_ - std::min(length_, begin_))
                refuse("a heap of the file, where HDF5 keeps texts, is damaged");
            known =
                heaps_.emplace(heap, objects_of_heap(file_, length_, begin_ + heap, size_bytes_))
                    .first;
        }
        return known->second;
    }

    posix_file file_;
    std::uint64_t length_, begin_ = 0;
    std::size_t address_bytes_ = 0, size_bytes_ = 0;
    std::map<std::uint64_t, objects> heaps_;
};

} // namespace

std::vector<std::string> read_long_texts(hid_t attribute, std::size_t count) {
    heap_reader heaps(attribute);
    const std::size_t bytes = heaps.reference_bytes();
    std::vector<std::byte> references(std::max<std::size_t>(1, count) * most_reference_bytes);
    {
        const reference_conversion conversion(bytes);
        hdf5_check(H5Aread(attribute, conversion.raw(), references.data()), "H5Aread");
    }
    std::vector<std::string> texts;
    for (std::size_t k = 0; k < count; ++k) texts.push_back(heaps.text(&references[k * bytes]));
    return texts;
}

} // namespace nodespan::detail
