import numpy as np
a = np.arange(12).reshape(3, 4)[:, ::-1]
print(a[a > ${n}].sum(), a @ a.T, a[..., None].shape, 5 % 3, 2 ** 10, ~a & 1 | 2 ^ 3)
