"""Control sets, written beside a set by `ovr-curate build --control`, to find out what curation was worth.

    DIR/control/unfiltered/data/rl/         all that was read and brought into form, but items of evaluation sets and barred licenses
    DIR/control/random/data/rl/             a random sample of it, of rows that the reward can judge, as large as the set
    DIR/control/without_<stage>/data/rl/    what the build would have given without that stage, drawn down to the size of the set

They have the set's format, template and splits: a row that is held back from the set is held back from every control. Equal in size means
equal in every split; what there is too much of is drawn by a hash of the seed and the row, the same for all controls. Nothing is sampled
for them: see `known`. Stages that a control shares with the set, or with another control, run once.
"""
