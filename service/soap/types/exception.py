"""The faults of the customer services, and the errors in answers that went through in part."""

# mypy: disallow-subclassing-any=False

from spyne import ComplexModel

from service.soap.namespaces import EXCEPTION
from service.soap.types.adapi import ApplicationFault
from service.soap.types.simple import Int, String, array_of

__all__ = [
    "ApiBatchFault",
    "ApiFault",
    "ArrayOfArrayOfOperationError",
    "ArrayOfBatchError",
    "ArrayOfOperationError",
    "BatchError",
    "OperationError",
]


class OperationError(ComplexModel):
    """Why a call, or one item of it, was refused."""

    __namespace__ = EXCEPTION
    Code = Int
    Details = String
    Message = String


class BatchError(ComplexModel):
    """Why one item of a list was refused, and which."""

    __namespace__ = EXCEPTION
    Code = Int
    Details = String
    Index = Int
    Message = String


ArrayOfOperationError = array_of(OperationError)
ArrayOfArrayOfOperationError = array_of(ArrayOfOperationError)
ArrayOfBatchError = array_of(BatchError)


class ApiFault(ApplicationFault):
    """Trouble with what an operation was asked."""

    __namespace__ = EXCEPTION
    OperationErrors = ArrayOfOperationError


class ApiBatchFault(ApiFault):
    """Trouble with items of a list that makes the whole call fail."""

    __namespace__ = EXCEPTION
    BatchErrors = ArrayOfBatchError
