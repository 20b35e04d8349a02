"""A self-hosted coupon billing service that speaks CustomerBillingService v13."""

__version__ = "0.1.0"
