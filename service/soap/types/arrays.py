"""Lists of simple values."""

from service.soap.namespaces import ARRAYS
from service.soap.types.simple import Int, Long, String, array_of

__all__ = ["ArrayOfint", "ArrayOflong", "ArrayOfstring"]

ArrayOfint = array_of(Int, ARRAYS)
ArrayOflong = array_of(Long, ARRAYS)
ArrayOfstring = array_of(String, ARRAYS)
