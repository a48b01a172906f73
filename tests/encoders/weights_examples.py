"""Encoders, and checkpoints as others write them."""

from fusion.encoders.backbones import volume_backbone
from fusion.encoders.map_networks import map_network
from fusion.encoders.tumour import TumourEncoder
from fusion.encoders.volume import VolumeEncoder


def volume(name="resnet", channels=2, layers=(1, 1)):
    backbone, features = volume_backbone(name, channels=channels, width=8, layers=layers)
    return VolumeEncoder(backbone=backbone, features=features, channels=channels, dim=5)


def tumour(channels=2):
    network = map_network("segresnet", channels=channels, width=8, layers=(1, 1))
    return TumourEncoder(network=network, channels=channels, regions=1, dim=5, supervised=1)
