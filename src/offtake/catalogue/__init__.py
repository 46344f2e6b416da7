"""What is known about chips, sites, prices, power, demand, credit, depreciation; the lowest layer.

Example: `catalogue.chip("GB200").h100e.value` is 2.53.
"""

from offtake.catalogue.items import Basis as Basis
from offtake.catalogue.items import BuildStep as BuildStep
from offtake.catalogue.items import CatalogueError as CatalogueError
from offtake.catalogue.items import Chip as Chip
from offtake.catalogue.items import Confidence as Confidence
from offtake.catalogue.items import MissingQuantityError as MissingQuantityError
from offtake.catalogue.items import Number as Number
from offtake.catalogue.items import Rating as Rating
from offtake.catalogue.items import Shape as Shape
from offtake.catalogue.items import Shipments as Shipments
from offtake.catalogue.items import Site as Site
from offtake.catalogue.items import UnknownNameError as UnknownNameError
from offtake.catalogue.reader import accounting_lives as accounting_lives
from offtake.catalogue.reader import chip as chip
from offtake.catalogue.reader import chips as chips
from offtake.catalogue.reader import depreciation_effects as depreciation_effects
from offtake.catalogue.reader import learning as learning
from offtake.catalogue.reader import macrs_year_shares as macrs_year_shares
from offtake.catalogue.reader import numbers as numbers
from offtake.catalogue.reader import power as power
from offtake.catalogue.reader import prices as prices
from offtake.catalogue.reader import rating as rating
from offtake.catalogue.reader import ratings as ratings
from offtake.catalogue.reader import recoveries as recoveries
from offtake.catalogue.reader import rental_conversions as rental_conversions
from offtake.catalogue.reader import shape as shape
from offtake.catalogue.reader import shapes as shapes
from offtake.catalogue.reader import shipments as shipments
from offtake.catalogue.reader import site as site
from offtake.catalogue.reader import sites as sites
from offtake.catalogue.reader import tax as tax
from offtake.catalogue.reader import token_lengths as token_lengths
from offtake.catalogue.reader import yardsticks as yardsticks
from offtake.catalogue.rental import rental_history as rental_history
