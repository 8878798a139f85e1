#pragma once

#include "rae.hpp"
#include "settings.hpp"
#include "text.hpp"

#include <Eigen/Core>

#include <span>

namespace nodespan::ensemble {

/// One AdaGrad step (Duchi, Hazan, Singer, JMLR 2011) on a run of parameters: each moves by `rate`
/// times its slope over the root of the sum of its squared slopes so far, this one included.
void adagrad(double rate, const Eigen::Ref<const Eigen::ArrayXd>& slopes,
             Eigen::Ref<Eigen::ArrayXd> squares, Eigen::Ref<Eigen::ArrayXd> parameters);

/// Trains one model of an ensemble in place. The row of parameters is the caller's: it may be
/// replaced between epochs, for example by the ensemble's average.
///
/// What an epoch does depends on the row, the settings, the texts, the numbers of the model and the
/// epoch, and on the epochs since the last restart(): not on the process that runs it.
class trainer {
public:
    /// Errors: std::invalid_argument if the row's length is not sizes.parameters().
    trainer(const shape& sizes, const settings& options, int model, std::span<double> parameters);

    /// Learns from this model's bootstrap sample for `epoch`: `share` of the training texts, drawn
    /// with replacement. Returns the mean losses, each text's before its own step.
    losses train_epoch(const corpus& texts, int epoch);

    /// One step from the texts' mean objective, lambda's part included.
    losses step(std::span<const document* const> texts);

    /// Forgets the squares; for after the row was replaced. They tell how far this model had moved
    /// each parameter from where it was, but the average is elsewhere, and less far: with the old
    /// squares steps soon become too small to follow it, and the ensemble ends less accurate. It
    /// also makes the row all that need be exchanged or saved: an epoch after an average depends on
    /// nothing else from before.
    void restart() { squares_.setZero(); }

    std::span<double> parameters() const { return parameters_; }

    /// AdaGrad's sums of squares, in the parameters' order.
    std::span<const double> squares() const {
        return {squares_.data(), static_cast<std::size_t>(squares_.size())};
    }

private:
    shape sizes_;
    settings options_;
    int model_;
    std::span<double> parameters_;
    Eigen::ArrayXd squares_;
    Eigen::ArrayXd slopes_;
    gradient sum_;
    tree tree_;
};

/// How good a model is on some texts.
struct quality {
    double reconstruction = 0; ///< Mean error per phrase; 1 is what predicting nothing gives.
    double accuracy = 0;       ///< Part of the texts whose category is found.
};

/// Evaluates a model, text by text; no texts give zeros.
quality evaluate(const shape& sizes, std::span<const double> parameters,
                 std::span<const document> texts);

} // namespace nodespan::ensemble
