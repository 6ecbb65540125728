from kmb_core.datasets import boston_housing as boston_housing
from kmb_core.datasets import california_housing as california_housing
from kmb_core.datasets import cifar10 as cifar10
from kmb_core.datasets import cifar100 as cifar100
from kmb_core.datasets import fashion_mnist as fashion_mnist
from kmb_core.datasets import imdb as imdb
from kmb_core.datasets import mnist as mnist
from kmb_core.datasets import reuters as reuters
