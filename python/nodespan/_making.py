"""How objects with a compiled half are made."""


def made(cls, base, *args):
    """A new ``cls`` whose compiled half ``base`` has been made, or an exception and no object at all.

    An object whose ``__init__`` has failed is still there in the traceback, without its compiled half:
    a debugger that shows it would look at nothing.
    """
    self = base.__new__(cls)
    try:
        base.__init__(self, *args)
    except BaseException:
        del self
        raise
    return self
