"""The documentation site: pages put together, examples found and run, and how Sphinx shows them."""
