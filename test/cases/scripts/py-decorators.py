@property
def x(self) -> "dict[str, list[int]]": ...
class A(metaclass=type):
    """Doc with ``` and ${dt} and $[not a time]."""
    x: int = 1 if True else 2
