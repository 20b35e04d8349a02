"""The rules of coupons, pure: no XML, no SQL, no clock, no input or output."""
