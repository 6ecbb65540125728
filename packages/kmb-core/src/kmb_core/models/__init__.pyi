from kmb_core.models.functional import Functional as Functional
from kmb_core.models.functional import Model as Model
from kmb_core.models.sequential import Sequential as Sequential
from kmb_core.models.cloning import clone_model as clone_model
from kmb_core.saving import load_model as load_model
from kmb_core.models.cloning import model_from_json as model_from_json
from kmb_core.saving import save_model as save_model
