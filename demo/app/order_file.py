"""Reading order files; any other file raises BadOrderFile."""

from xml.etree import ElementTree


class BadOrderFile(ValueError):
    pass


def read_orders(file):
    """Yields the orders of an XML file one by one, as the columns of an Order."""
    try:
        orders = ElementTree.parse(file).getroot().iter("order")
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise BadOrderFile(f"not readable as XML: {error}") from error

    for position, order in enumerate(orders, start=1):
        try:
            row = {
                "number": order.attrib["number"],
                "customer": order.attrib["customer"],
                "cents": int(order.attrib["cents"]),
            }
        except KeyError as error:
            raise BadOrderFile(f"order {position} has no {error}") from error
        except ValueError as error:
            raise BadOrderFile(f"order {position}, cents: {error}") from error
        if not 0 <= row["cents"] <= 1_000_000_000:
            raise BadOrderFile(f"order {position}, cents: {row['cents']} is out of range")
        yield row
