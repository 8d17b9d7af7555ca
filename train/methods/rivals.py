"""What a sceptic would train with instead of the structured contrastive loss: terms on the whole latent of the same
two views.
"""

from train.methods.simclr import nt_xent
from train.methods.vicreg import vicreg

RIVALS = {"simclr": nt_xent, "vicreg": vicreg}
