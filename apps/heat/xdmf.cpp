#include "xdmf.hpp"

#include "standard_output.hpp"

#include <fmt/format.h>
#include <nodespan/nodespan.hpp>

#include <filesystem>
#include <stdexcept>

namespace nodespan::heat {

std::string xdmf_of(const std::string& file) {
    return file.empty() ? file : std::filesystem::path(file).replace_extension(".xdmf").string();
}

#ifdef NODESPAN_HAS_HDF5
namespace {

namespace fs = std::filesystem;

// Points lie where problem.hpp says: from the edge on where the square is closed on itself, else
// one step inside of it.
double spacing(const problem& p, index_t points) {
    return 1.0 / static_cast<double>(p.is_periodic ? points : points + 1);
}

std::string describe(const problem& p, index_t steps, const std::string& file) {
    const double row = spacing(p, p.rows), column = spacing(p, p.columns);
    const double first_row = p.is_periodic ? 0 : row, first_column = p.is_periodic ? 0 : column;
    return fmt::format(R"(<?xml version="1.0"?>
<Xdmf Version="3.0">
  <Domain>
    <Grid Name="heat" GridType="Uniform">
      <Time Value="{time}"/>
      <Topology TopologyType="2DCoRectMesh" Dimensions="{rows} {columns}"/>
      <Geometry GeometryType="ORIGIN_DXDY">
        <DataItem Format="XML" Dimensions="2">{first_row} {first_column}</DataItem>
        <DataItem Format="XML" Dimensions="2">{row} {column}</DataItem>
      </Geometry>
      <Attribute Name="temperature" AttributeType="Scalar" Center="Node">
        <DataItem Format="HDF" NumberType="Float" Precision="8" Dimensions="{rows} {columns}">
          {file}:/temperature
        </DataItem>
      </Attribute>
    </Grid>
  </Domain>
</Xdmf>
)",
                       fmt::arg("time", p.dt * static_cast<double>(steps)),
                       fmt::arg("rows", p.rows), fmt::arg("columns", p.columns),
                       fmt::arg("first_row", first_row), fmt::arg("first_column", first_column),
                       fmt::arg("row", row), fmt::arg("column", column), fmt::arg("file", file));
}

} // namespace

void add_saving_file_option(CLI::App& options, std::string& file) {
    options
        .add_option("--save", file,
                    "Write the field into this HDF5 file, and an .xdmf file for ParaView")
        ->type_name("FILE");
}

void save_field(const array<double, 2>& field, const problem& p, index_t steps,
                const std::string& file) {
    save_options options;
    options.attributes = {{"time", p.dt * static_cast<double>(steps)},
                          {"step", steps},
                          {"spacing", std::vector{spacing(p, p.rows), spacing(p, p.columns)}}};
    save_hdf5(field, file, "temperature", options);

    int is_written = 1;
    const std::string description = xdmf_of(file);
    if (field.get_team().rank() == 0) try {
            app::write_file(description, describe(p, steps, fs::path(file).filename().string()));
        } catch (const std::runtime_error&) {
            is_written = 0;
        }
    MPI_Bcast(&is_written, 1, MPI_INT, 0, field.get_team().comm());
    if (is_written == 0) throw error(errc::io, fmt::format("cannot write {}", description), true);
}

#else

void add_saving_file_option(CLI::App&, std::string&) {}
void save_field(const array<double, 2>&, const problem&, index_t, const std::string&) {}

#endif

} // namespace nodespan::heat
