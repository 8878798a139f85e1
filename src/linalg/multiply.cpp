#include "nodespan/multiply.hpp"

#include "host_name.hpp"
#include "node_product.hpp"
#include "nodespan/detail/together.hpp"
#include "nodespan/replicated.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace nodespan {
namespace detail {
namespace {

// A range of rows, columns, or of the indices that are summed over.
struct range {
    index_t lo = 0, hi = 0;
    index_t size() const { return hi - lo; }
};

range along(const box<2>& b, std::size_t d) {
    return {b.lo[d], b.hi[d]};
}

// The box of the matrix in which rows x columns of op(matrix) lie.
box<2> taken(matrix_op op, const range& rows, const range& columns) {
    if (op == matrix_op::as_is) return {{rows.lo, columns.lo}, {rows.hi, columns.hi}};
    return {{columns.lo, rows.lo}, {columns.hi, rows.hi}};
}

// Values of k whose products a node adds at a time.
struct piece {
    range inner;
    bool fetches_a = false, fetches_b = false;
};

template <class T>
class product {
public:
    product(const array<T, 2>& a, matrix_op a_op, const array<T, 2>& b, matrix_op b_op,
            array<T, 2>& c, const T& alpha, const T& beta)
        : a_(a),
          b_(b),
          c_(c),
          a_op_(a_op),
          b_op_(b_op),
          alpha_(alpha),
          beta_(beta),
          rows_(along(c.node_box(), 0)),
          columns_(along(c.node_box(), 1)),
          inner_(a.extents()[a_op == matrix_op::as_is ? 1 : 0]) {}

    void run();
    index_t received_bytes() const { return received_bytes_; }

private:
    static constexpr index_t most_panel_bytes = index_t{32} << 20; // one of two
    static constexpr index_t least_width = 32, most_width = 512;

    std::vector<piece> pieces() const;
    index_t elements(const piece& p) const {
        return (p.fetches_a ? rows_.size() * p.inner.size() : 0) +
               (p.fetches_b ? columns_.size() * p.inner.size() : 0);
    }
    T* panel_of_b(const piece& p, T* panel) const {
        return panel + (p.fetches_a ? rows_.size() * p.inner.size() : 0);
    }
    void start(const piece& p, T* panel);
    void start(const array<T, 2>& from, const box<2>& there, T* to);
    void add(const piece& p, T* panel, const T& beta);
    factor<T> find(const array<T, 2>& from, matrix_op op, const box<2>& wanted, bool is_fetched,
                   const box<2>& fetched, const T* panel) const;

    template <class F>
    void attempt(F&& f) { // others of the node wait for this rank, whatever happens
        try {
            if (!failure_) f();
        } catch (...) {
            failure_ = std::current_exception();
        }
    }

    const array<T, 2>& a_;
    const array<T, 2>& b_;
    array<T, 2>& c_;
    matrix_op a_op_, b_op_;
    T alpha_, beta_;
    range rows_, columns_; // of the node's part of c
    index_t inner_;
    std::optional<replicated<T, 1>> panels_;
    std::array<request, 2> open_; // into the panels: they end first, whatever is thrown
    std::exception_ptr failure_;
    index_t received_bytes_ = 0;
};

// Cut where other nodes begin, so that each piece lies on this node or has to be fetched. The first
// one is another for each node, so that not all begin with the same node.
template <class T>
std::vector<piece> product<T>::pieces() const {
    const team& everyone = c_.get_team();
    if (c_.node_box().empty()) return {};
    std::vector<index_t> cuts{0, inner_, inner_ / everyone.nodes() * everyone.node()};
    for (int node = 0; node < everyone.nodes(); ++node) {
        const box<2> of_a = a_.node_box_of(node), of_b = b_.node_box_of(node);
        const range ka = along(of_a, a_op_ == matrix_op::as_is ? 1 : 0);
        const range kb = along(of_b, b_op_ == matrix_op::as_is ? 0 : 1);
        cuts.insert(cuts.end(), {ka.lo, ka.hi, kb.lo, kb.hi});
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    const index_t bytes = (rows_.size() + columns_.size()) * static_cast<index_t>(sizeof(T));
    const index_t width = std::clamp(most_panel_bytes / bytes, least_width, most_width);
    std::vector<piece> result;
    std::size_t first = 0;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        const range whole{cuts[i], cuts[i + 1]};
        const bool fetches_a = !a_.node_box().contains(taken(a_op_, rows_, whole));
        const bool fetches_b = !b_.node_box().contains(taken(b_op_, whole, columns_));
        if (whole.lo == inner_ / everyone.nodes() * everyone.node()) first = result.size();
        const index_t step = fetches_a || fetches_b ? width : whole.size();
        for (index_t lo = whole.lo; lo < whole.hi; lo += step)
            result.push_back({{lo, std::min(lo + step, whole.hi)}, fetches_a, fetches_b});
    }
    std::rotate(result.begin(), result.begin() + static_cast<std::ptrdiff_t>(first), result.end());
    return result;
}

// This rank's share of a matrix that its node needs.
template <class T>
void product<T>::start(const array<T, 2>& from, const box<2>& there, T* to) {
    const team& everyone = c_.get_team();
    const index_t rows = there.extents()[0], length = there.extents()[1];
    const index_t lo = rows * everyone.node_rank() / everyone.node_size();
    const index_t hi = rows * (everyone.node_rank() + 1) / everyone.node_size();
    if (lo == hi) return;
    const box<2> mine{{there.lo[0] + lo, there.lo[1]}, {there.lo[0] + hi, there.hi[1]}};
    request& open = open_[&from == &a_ ? 0 : 1];
    open = from.get_async(mine, view<T, 2>(to + lo * length, {hi - lo, length}));
    received_bytes_ +=
        (mine.size() - mine.intersection(from.node_box()).size()) * static_cast<index_t>(sizeof(T));
}

template <class T>
void product<T>::start(const piece& p, T* panel) {
    if (p.fetches_a) start(a_, taken(a_op_, rows_, p.inner), panel);
    if (p.fetches_b) start(b_, taken(b_op_, p.inner, columns_), panel_of_b(p, panel));
}

template <class T>
factor<T> product<T>::find(const array<T, 2>& from, matrix_op op, const box<2>& wanted,
                           bool is_fetched, const box<2>& fetched, const T* panel) const {
    const view<const T, 2> there =
        is_fetched ? view<const T, 2>(panel, fetched.extents()) : from.node();
    const indices<2>& lo = is_fetched ? fetched.lo : from.node_box().lo;
    return {there.data_handle() + (wanted.lo[0] - lo[0]) * there.stride(0) + wanted.lo[1] - lo[1],
            there.stride(0), op};
}

// Adds the products of a piece to this rank's elements of c. Over several nodes in steps short
// enough for the requests of others, which this rank may have to serve.
template <class T>
void product<T>::add(const piece& p, T* panel, const T& beta) {
    team& everyone = c_.get_team();
    const range rows = along(c_.rank_box(), 0), columns = along(c_.rank_box(), 1);
    if (rows.size() == 0 || columns.size() == 0) return;
    constexpr index_t products_a_step = 50'000'000;
    const index_t step =
        everyone.nodes() == 1
            ? rows.size()
            : std::max<index_t>(64, products_a_step /
                                        std::max<index_t>(1, p.inner.size() * columns.size()));
    const view<T, 2> mine = c_.local();
    for (range some{rows.lo, 0}; some.lo < rows.hi; some.lo = some.hi) {
        some.hi = std::min(some.lo + step, rows.hi);
        node_product(some.size(), columns.size(), p.inner.size(), alpha_,
                     find(a_, a_op_, taken(a_op_, some, p.inner), p.fetches_a,
                          taken(a_op_, rows_, p.inner), panel),
                     find(b_, b_op_, taken(b_op_, p.inner, columns), p.fetches_b,
                          taken(b_op_, p.inner, columns_), panel_of_b(p, panel)),
                     beta, mine.data_handle() + (some.lo - rows.lo) * mine.stride(0),
                     mine.stride(0));
        everyone.progress();
    }
}

// Ranks that share the cores of this one: those of its node, and of other nodes where a host is cut
// into several.
int ranks_of_host(const team& everyone) {
    if (everyone.nodes() == 1) return everyone.size();
    const std::size_t mine = std::hash<std::string>()(host_name());
    const std::vector<std::size_t> all = all_gather(everyone, mine);
    return static_cast<int>(std::count(all.begin(), all.end(), mine));
}

template <class T>
void product<T>::run() {
    team& everyone = c_.get_team();
    std::vector<piece> all = pieces();
    if (all.empty()) all.push_back({}); // of no k: beta * c
    index_t most = 0;
    for (const piece& p : all) most = std::max(most, elements(p));
    most = all_reduce(everyone, most, accumulate_op::max);
    if (most > 0) panels_.emplace(everyone, indices<1>{2 * most});
    const auto panel = [&](std::size_t i) {
        return panels_ ? panels_->edit().data_handle() + static_cast<index_t>(i % 2) * most
                       : nullptr;
    };
    everyone.fence();
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    const product_threads threads(std::max(1, cores / ranks_of_host(everyone)));
    const bool is_shared = most > 0 && !c_.node_box().empty();
    attempt([&] { start(all.front(), panel(0)); });
    for (std::size_t i = 0; i < all.size(); ++i) {
        attempt([&] { wait_all(open_); });
        if (is_shared) everyone.node_fence(); // this panel is complete, and nobody reads the other
        attempt([&] {
            if (i + 1 < all.size()) start(all[i + 1], panel(i + 1));
            add(all[i], panel(i), i == 0 ? beta_ : T(1));
        });
    }
    for (request& one : open_) // after a failure
        try {
            if (one.valid()) one.wait();
        } catch (...) {
            if (!failure_) failure_ = std::current_exception();
        }
    throw_together(everyone, "multiply", failure_);
    everyone.fence();
}

template <class T>
void require_fitting(const array<T, 2>& a, const array<T, 2>& b, const array<T, 2>& c,
                     matrix_op a_op, matrix_op b_op) {
    if (&a == &c || &b == &c)
        throw error(errc::invalid_argument,
                    "multiply: the result is one of the factors; take another array for it", true);
    const auto& core = access::core(c.get_team());
    if (access::core(a.get_team()) != core || access::core(b.get_team()) != core)
        throw error(errc::invalid_argument,
                    "multiply: the arrays belong to different teams; make them of one", true);
    const auto extents = [](const array<T, 2>& of, matrix_op op) {
        return op == matrix_op::as_is ? of.extents() : reversed(of.extents());
    };
    const indices<2> m = extents(a, a_op), n = extents(b, b_op);
    if (m[1] == n[0] && c.extents() == indices<2>{m[0], n[1]}) return;
    const auto text = [](const indices<2>& x) {
        return std::to_string(x[0]) + " x " + std::to_string(x[1]);
    };
    throw error(errc::size_mismatch,
                "multiply: " + text(m) + " times " + text(n) + " is no " + text(c.extents()), true);
}

} // namespace
} // namespace detail

template <blas_number T>
void multiply(const array<T, 2>& a, const array<T, 2>& b, array<T, 2>& c,
              std::type_identity_t<T> alpha, std::type_identity_t<T> beta, matrix_op a_op,
              matrix_op b_op, multiply_traffic* traffic) {
    team& everyone = c.get_team();
    for (const array<T, 2>* const one : {&a, &b, static_cast<const array<T, 2>*>(&c)})
        detail::access::core(*one).require_boxes("multiply");
    detail::fingerprint arguments;
    arguments.add(a_op).add(b_op).add(&a == &c).add(&b == &c).add_number(alpha).add_number(beta);
    for (const array<T, 2>* one : {&a, &b, static_cast<const array<T, 2>*>(&c)})
        arguments.add(one->extents());
    detail::require_same(everyone, "multiply", arguments);
    detail::require_fitting(a, b, c, a_op, b_op);
    detail::product<T> all(a, a_op, b, b_op, c, alpha, beta);
    all.run();
    if (traffic != nullptr) traffic->received_bytes = all.received_bytes();
}

template void multiply(const array<float, 2>&, const array<float, 2>&, array<float, 2>&, float,
                       float, matrix_op, matrix_op, multiply_traffic*);
template void multiply(const array<double, 2>&, const array<double, 2>&, array<double, 2>&, double,
                       double, matrix_op, matrix_op, multiply_traffic*);
template void multiply(const array<std::complex<float>, 2>&, const array<std::complex<float>, 2>&,
                       array<std::complex<float>, 2>&, std::complex<float>, std::complex<float>,
                       matrix_op, matrix_op, multiply_traffic*);
template void multiply(const array<std::complex<double>, 2>&, const array<std::complex<double>, 2>&,
                       array<std::complex<double>, 2>&, std::complex<double>, std::complex<double>,
                       matrix_op, matrix_op, multiply_traffic*);

} // namespace nodespan
