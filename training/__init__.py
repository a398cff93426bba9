"""Makes the models: search, training, distillation, evaluation, export."""
