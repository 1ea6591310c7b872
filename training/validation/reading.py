"""New people as a bundle reads them: its own dictionary, its own outcome."""

from __future__ import annotations

from predictor.bundle import Bundle
from predictor.cautions import has_expired
from predictor.errors import BundleError, InvalidInputError
from training.cohort import Cohort, read_cohort
from training.config import read_column_map, read_source_settings
from training.importers import SourceCohort, read_source
from training.lineage import outcome_of
from training.run_input import Input


def read_new_people(bundle: Bundle, data: Input) -> tuple[Cohort, SourceCohort | None]:
    """Read the people a bundle shall be tested on.

    Parameters
    ----------
    bundle : Bundle
        Its dictionary says which rows are valid, its outcome what is counted.
    data : Input
        Where the data are.

    Returns
    -------
    cohort : Cohort
        Eligible people with their outcome.
    source : SourceCohort or None
        For a named real data set.

    Raises
    ------
    BundleError
        If the model expired: it gives nobody a number.
    InvalidInputError
        If the data are at fault, or the outcome of the bundle cannot be told.
    """
    expires = bundle.provenance.expires
    if has_expired(expires):
        raise BundleError(f"the model expired on {expires} and gives nobody a number; get a newer")
    definition = outcome_of(bundle)
    if data.source is not None:
        if data.folder is None:
            raise InvalidInputError(f"--source {data.source} needs the folder of the data set")
        given = read_source_settings(data.source)
        own = [v for v in given.extra_variables if str(v["id"]) not in bundle.dictionary]
        settings = given.model_copy(update={"extra_variables": tuple(own)})
        found = read_source(
            data.source,
            data.folder,
            dictionary=bundle.dictionary,
            definition=definition,
            settings=settings,
        )
        return found.cohort, found
    if data.patients is None or data.visits is None:
        raise InvalidInputError("name --patients and --visits, or a --source and its folder")
    cohort = read_cohort(
        data.patients,
        data.visits,
        events_path=data.events,
        dictionary=bundle.dictionary,
        definition=definition,
        column_map=None if data.column_map is None else read_column_map(data.column_map),
        ignore_unknown=data.ignore_unknown,
    )
    return cohort, None
