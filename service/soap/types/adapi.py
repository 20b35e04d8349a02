"""The faults common to all of the original's services."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import ADAPI
from service.soap.types.simple import Int, String, array_of

__all__ = ["AdApiError", "AdApiFaultDetail", "ApplicationFault", "ArrayOfAdApiError"]


class AdApiError(ComplexModel):
    """One error of an AdApiFaultDetail."""

    __namespace__ = ADAPI
    Code = Int
    Detail = String
    ErrorCode = String
    Message = String


ArrayOfAdApiError = array_of(AdApiError)


class ApplicationFault(ComplexModel):
    """What every fault has."""

    __namespace__ = ADAPI
    TrackingId = String


class AdApiFaultDetail(ApplicationFault):
    """Trouble with the caller or with the service itself."""

    __namespace__ = ADAPI
    Errors = ArrayOfAdApiError
