from masoniteorm.models import Model


class Order(Model):
    __fillable__ = ["number", "customer", "cents"]
