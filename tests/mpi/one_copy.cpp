#include "one_copy.hpp"

#include <nodespan/array.hpp>

namespace {

using namespace nodespan;

class copy final : public one_copy {
public:
    explicit copy(MPI_Comm comm) : everyone_(comm) {}
    void fence() override { field_.fence(); }
    double get(long index) override { return field_.get({index}); }

private:
    team everyone_;
    array<double, 1> field_{everyone_, {everyone_.size()}};
};

} // namespace

std::unique_ptr<one_copy> COPY(MPI_Comm comm) {
    return std::make_unique<copy>(comm);
}
