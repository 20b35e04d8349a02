"""Web pages for people, served under ``/console/``.

How a page is added: write a module ``service/console/pages/SUBJECT.py`` and its templates in the
folder ``templates/SUBJECT/``. Nothing else is touched: the module is found by its place.

- ``blueprint = customer_pages("SUBJECT", __name__)`` for what belongs to a customer, or
  ``shared_pages`` or ``operator_pages``; its first page is the function ``index``. The navigation
  shows it to those who may see it.
- ``this_call()`` is what every operation is given, with the caller's rights; ``this_customer()``
  is whom the page is about. Nobody reaches a page who has not signed in or may not read that
  customer; what may be changed is decided by the operation.
- ``return page("SUBJECT/index.html", rows=rows)``. Templates extend ``layout.html`` and are put
  together from the macros of ``macros.html``, there as ``ui``. They know ``user``, ``customer``,
  ``may_write``, and filters for ``number``, ``money``, ``percent``, ``instant``, ``day``.
- Forms are subclasses of ``forms.Form``, whose docstring shows how one is answered. An error that
  a page does not catch becomes a page that says what to do.
- What cannot be undone asks first: ``confirm_page``. No script or style stands in a page, not
  even in an attribute: browsers are told to ignore it.
"""
