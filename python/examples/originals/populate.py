# Sharing numpy arrays between processes using multiprocessing and ctypes (May 2014), for Python 3.
from multiprocessing import Pool, sharedctypes
import numpy as np
import warnings


def populate(args):
    """ Populates the portion of the shared array arr indicated by the offset and blocksize options """
    offset, blocksize = args
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)
        v = np.ctypeslib.as_array(arr)

    for idx in range(offset, blocksize+offset):
        v[idx, :] = offset

    return offset


def _init(arr_to_populate):
    """ Each pool process calls this initializer. Load the array to be populated into that process's global namespace """
    global arr
    arr = arr_to_populate


if __name__ == "__main__":
    size = 2000
    blocksize = 100
    tmp = np.ctypeslib.as_ctypes(np.zeros((size, 10)))
    shared_arr = sharedctypes.Array(tmp._type_, tmp, lock=False)

    pool = Pool(processes=4, initializer=_init, initargs=(shared_arr, ))
    result = pool.map(populate, zip(range(0, size, blocksize), [blocksize]*(size//blocksize)))

    with warnings.catch_warnings():
        warnings.simplefilter('ignore', RuntimeWarning)
        final_arr = np.ctypeslib.as_array(shared_arr)

    print(final_arr)
