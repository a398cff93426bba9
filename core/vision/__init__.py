"""Pictures to vectors: detect, align, assess, embed, and the model packs behind them."""
