"""Tiny random models of the architectures that users bring, saved as from_pretrained reads them.

Nothing is downloaded. The sizes are those of the dummy components in the libraries' own tests;
what the models say and draw is noise, and depends on all they are shown.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())
QWEN_MARKS = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
    "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
]  # fmt: skip


def byte_tokenizer(extra: dict[str, str], **marks: str) -> Any:
    """A byte-level tokenizer without merges."""
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(ALPHABET)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    known = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        padding_side="left",
        extra_special_tokens=extra,
        **{**known, **marks},
    )


def template(picture: str, turn: str, end: str, start: str) -> str:
    """A chat template: `turn` before each message's parts, `end` behind, `start` for the reply."""
    return (
        "{% for m in messages %}" + turn + "{% for c in m.content %}{% if c.type=='image' %}"
        + picture + "{% else %}{{c.text}}{% endif %}{% endfor %}" + end
        + "{% endfor %}{% if add_generation_prompt %}" + start + "{% endif %}"
    )  # fmt: skip


def text_config(tokenizer: Any, **further: Any) -> dict[str, Any]:
    """Two layers of 32."""
    return {
        "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 1024, "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id, **further,
    }  # fmt: skip


def vision_config(side: int, patch: int, **further: Any) -> dict[str, Any]:
    """Two layers of 32."""
    return {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 4, "image_size": side, "patch_size": patch, **further,
    }  # fmt: skip


def saved(folder: Path, model: Any, processor: Any) -> Path:
    """Weights scaled up, so that pictures and words move the likeliest token; none left at zero,
    as Gemma 3's projection of pictures is when it is new.
    """
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and "embed" not in name and "vq" not in name:
                weight.mul_(4.0)
            if weight.ndim == 2 and not weight.any():
                weight.normal_(0, 0.1)
    model.eval().save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def gemma3(folder: Path) -> Path:
    """Gemma 3: SigLIP pictures of 56 pixels, 4 tokens each."""
    from transformers import (
        Gemma3Config,
        Gemma3ForConditionalGeneration,
        Gemma3ImageProcessorPil,
        Gemma3Processor,
    )

    tokenizer = byte_tokenizer(
        {
            "image_token": "<image_soft_token>",
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
        },
        bos_token="<bos>", eos_token="<eos>",
    )  # fmt: skip
    processor = Gemma3Processor(
        Gemma3ImageProcessorPil(size={"height": 56, "width": 56}),
        tokenizer,
        chat_template="{{bos_token}}" + template(
            "<start_of_image>", "<start_of_turn>{{m.role}}\n", "<end_of_turn>\n",
            "<start_of_turn>model\n",
        ),
        image_seq_length=4,
    )  # fmt: skip
    number = tokenizer.convert_tokens_to_ids
    torch.manual_seed(0)
    config = Gemma3Config(
        text_config=text_config(tokenizer, head_dim=8, sliding_window=64),
        vision_config=vision_config(56, 14),
        mm_tokens_per_image=4,
        image_token_id=number("<image_soft_token>"), image_token_index=number("<image_soft_token>"),
        boi_token_id=number("<start_of_image>"), boi_token_index=number("<start_of_image>"),
        eoi_token_id=number("<end_of_image>"), eoi_token_index=number("<end_of_image>"),
    )  # fmt: skip
    return saved(folder, Gemma3ForConditionalGeneration(config), processor)


def idefics3(folder: Path) -> Path:
    """Idefics 3: pictures of 32 pixels, not split."""
    from transformers import (
        Idefics3Config,
        Idefics3ForConditionalGeneration,
        Idefics3ImageProcessorPil,
        Idefics3Processor,
    )

    tokenizer = byte_tokenizer(
        {
            "image_token": "<image>",
            "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>",
        },
        bos_token="<|im_start|>", eos_token="<end_of_utterance>",
    )  # fmt: skip
    processor = Idefics3Processor(
        Idefics3ImageProcessorPil(
            size={"longest_edge": 64}, max_image_size={"longest_edge": 32}, do_image_splitting=False
        ),
        tokenizer,
        image_seq_len=4,
        chat_template=template(
            "<image>", "<|im_start|>{{m.role}}:", "<end_of_utterance>\n", "Assistant:"
        ),
    )
    torch.manual_seed(0)
    config = Idefics3Config(
        text_config=text_config(tokenizer, model_type="llama", vocab_size=len(tokenizer) + 4),
        vision_config=vision_config(32, 8),
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    return saved(folder, Idefics3ForConditionalGeneration(config), processor)


def llava(folder: Path) -> Path:
    """LLaVA: CLIP pictures of 32 pixels."""
    from transformers import (
        CLIPImageProcessorPil,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = byte_tokenizer({"image_token": "<image>"})
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template("<image>\n", "{{m.role|upper}}: ", " ", "ASSISTANT:"),
    )
    torch.manual_seed(0)
    picture = tokenizer.convert_tokens_to_ids("<image>")
    vision = vision_config(
        32, 8, model_type="clip_vision_model", num_hidden_layers=3, projection_dim=32
    )
    config = LlavaConfig(
        text_config=text_config(tokenizer, model_type="llama"),
        vision_config=vision,
        image_token_id=picture,
        image_token_index=picture,
    )
    return saved(folder, LlavaForConditionalGeneration(config), processor)


def janus(folder: Path) -> Path:
    """Janus: pictures of 32 pixels, 16 tokens in and 16 out."""
    from transformers import (
        GenerationConfig,
        JanusConfig,
        JanusForConditionalGeneration,
        JanusImageProcessorPil,
        JanusProcessor,
    )

    tokenizer = byte_tokenizer(
        {
            "image_token": "<image_placeholder>",
            "boi_token": "<begin_of_image>",
            "eoi_token": "<end_of_image>",
        },
        bos_token="<bos>", eos_token="<eos>",
    )  # fmt: skip
    begin = tokenizer.convert_tokens_to_ids("<begin_of_image>")
    processor = JanusProcessor(
        JanusImageProcessorPil(size={"height": 32, "width": 32}, min_size=4),
        tokenizer,
        chat_template=template(
            "<image_placeholder>\n",
            "{{ '<|User|>: ' if m.role=='user' else '<|Assistant|>: ' }}",
            "\n\n",
            "<|Assistant|>:",
        ),
        num_image_tokens=16,
    )
    torch.manual_seed(0)
    config = JanusConfig(
        text_config=text_config(tokenizer, model_type="llama", num_key_value_heads=4),
        vision_config={
            "image_size": 32, "patch_size": 8, "num_image_tokens": 16, "hidden_size": 32,
            "projection_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "mlp_ratio": 2,
        },
        vq_config={
            "embed_dim": 8, "num_embeddings": 32, "latent_channels": 32, "base_channels": 32,
            "channel_multiplier": [1, 1, 1, 1], "num_res_blocks": 1, "projection_dim": 32,
            "image_token_embed_dim": 32,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image_placeholder>"),
    )  # fmt: skip
    model = JanusForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        boi_token_id=begin,
        guidance_scale=5,
        generation_kwargs={"boi_token_id": begin},
    )
    return saved(folder, model, processor)


def emu3(folder: Path) -> Path:
    """Emu3: pictures of 32 pixels, 4 x 4 visual tokens of a codebook of 32."""
    from transformers import (
        Emu3Config,
        Emu3ForConditionalGeneration,
        Emu3ImageProcessor,
        Emu3Processor,
    )

    tokenizer = byte_tokenizer(
        {
            "image_token": "<image>", "boi_token": "<|image start|>",
            "eoi_token": "<|image end|>", "image_wrapper_token": "<|image token|>",
            "eof_token": "<|extra_201|>",
        },
        bos_token="<|extra_203|>", eos_token="<|extra_204|>", pad_token="<|endoftext|>",
    )  # fmt: skip
    visual = [f"<|visual token {number:06d}|>" for number in range(32)]
    tokenizer.add_tokens(["<|extra_200|>", *visual], special_tokens=True)
    processor = Emu3Processor(
        Emu3ImageProcessor(min_pixels=32 * 32, max_pixels=32 * 32, spatial_factor=8),
        tokenizer,
        chat_template=template(
            "<image>", "{{'USER: ' if m.role=='user' else 'ASSISTANT: '}}", " ", "ASSISTANT:"
        ),
    )
    torch.manual_seed(0)
    config = Emu3Config(
        text_config=text_config(tokenizer),
        vq_config={
            "codebook_size": 32, "temporal_downsample_factor": 1, "base_channels": 32,
            "channel_multiplier": [1, 1, 1, 1], "num_res_blocks": 1, "hidden_size": 32,
            "attn_resolutions": [],
        },
        vocabulary_map=tokenizer.get_vocab(),
    )  # fmt: skip
    return saved(folder, Emu3ForConditionalGeneration(config), processor)


def image_only(base: Any) -> Any:
    """A Qwen-VL processor without a video half, which would need torchvision."""
    from transformers.processing_utils import ProcessorMixin

    def made(self: Any, image_processor: Any = None, tokenizer: Any = None,
             chat_template: str | None = None, **_: Any) -> None:  # fmt: skip
        for name in ("image", "video"):
            token = f"<|{name}_pad|>"
            setattr(self, f"{name}_token", token)
            setattr(self, f"{name}_token_id", tokenizer.convert_tokens_to_ids(token))
        ProcessorMixin.__init__(self, image_processor, tokenizer, chat_template=chat_template)

    return type("ImageOnly", (base,), {"__init__": made})


def qwen_tokenizer(chat_template: str | None = None) -> Any:
    """Qwen's marks over bytes."""
    from transformers import Qwen2Tokenizer

    return Qwen2Tokenizer(
        vocab={c: i for i, c in enumerate(ALPHABET)},
        merges=[],
        additional_special_tokens=QWEN_MARKS,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        padding_side="left",
        **({"chat_template": chat_template} if chat_template else {}),
    )


def qwen_config(tokenizer: Any, **vision: Any) -> Any:
    """Qwen2.5-VL of two layers."""
    from transformers import Qwen2_5_VLConfig

    number = tokenizer.convert_tokens_to_ids
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    return Qwen2_5_VLConfig(
        text_config=text_config(
            tokenizer, rope_parameters=rope, bos_token_id=number("<|endoftext|>")
        ),
        vision_config={
            "depth": 2, "hidden_size": 32, "intermediate_size": 64, "num_heads": 4,
            "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 56,
            "fullatt_block_indexes": [1], "out_hidden_size": 32, **vision,
        },
        image_token_id=number("<|image_pad|>"),
        video_token_id=number("<|video_pad|>"),
        vision_start_token_id=number("<|vision_start|>"),
        vision_end_token_id=number("<|vision_end|>"),
    )  # fmt: skip


def qwen_processor() -> Any:
    """For pictures alone."""
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessorPil

    return image_only(Qwen2_5_VLProcessor)(
        Qwen2VLImageProcessorPil(
            min_pixels=28 * 28, max_pixels=56 * 56, patch_size=14, merge_size=2,
            temporal_patch_size=2,
        ),
        qwen_tokenizer(),
        chat_template=template(
            "<|vision_start|><|image_pad|><|vision_end|>", "<|im_start|>{{m.role}}\n",
            "<|im_end|>\n", "<|im_start|>assistant\n",
        ),
    )  # fmt: skip


def qwen_vl(folder: Path) -> Path:
    """Qwen2.5-VL; its processor is handed over in memory, see `qwen_processor`."""
    from transformers import Qwen2_5_VLForConditionalGeneration

    processor = qwen_processor()
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(qwen_config(processor.tokenizer))
    return saved(folder, model, processor)


CHATS: dict[str, Callable[[Path], Path]] = {
    "gemma3": gemma3,
    "idefics3": idefics3,
    "llava": llava,
    "qwen_vl": qwen_vl,
    "janus": janus,
    "emu3": emu3,
}


def clip_tokenizer() -> Any:
    """CLIP's, over bytes."""
    from transformers import CLIPTokenizer

    symbols = [*ALPHABET, *(c + "</w>" for c in ALPHABET), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {symbol: number for number, symbol in enumerate(symbols)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def clip_text(tokenizer: Any) -> Any:
    """Two layers of 32."""
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=37, num_attention_heads=4,
        num_hidden_layers=2, bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, projection_dim=32,
    )  # fmt: skip
    return CLIPTextModel(config).eval()


def pix2pix(folder: Path) -> Path:
    """InstructPix2Pix of 143 thousand parameters."""
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionInstructPix2PixPipeline,
        UNet2DConditionModel,
    )

    tokenizer = clip_tokenizer()
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16), layers_per_block=1, sample_size=32, in_channels=8,
        out_channels=4, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=32,
        norm_num_groups=4, attention_head_dim=4,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=[8, 16], down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2, latent_channels=4, norm_num_groups=4,
    )  # fmt: skip
    pipeline = StableDiffusionInstructPix2PixPipeline(
        vae=vae, text_encoder=clip_text(tokenizer), tokenizer=tokenizer, unet=unet,
        scheduler=DDIMScheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


def kontext(folder: Path) -> Path:
    """FLUX.1 Kontext of 139 thousand parameters."""
    from diffusers import (
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        FluxKontextPipeline,
        FluxTransformer2DModel,
    )
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    letters = [(chr(code), -3.0) for code in range(33, 127)]
    marks = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    words = T5Tokenizer(vocab=[*marks, *letters], extra_ids=0, model_max_length=64)
    tokenizer = clip_tokenizer()
    torch.manual_seed(0)
    transformer = FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=32,
        axes_dims_rope=[4, 4, 8], guidance_embeds=True,
    )  # fmt: skip
    encoder = T5EncoderModel(
        T5Config(vocab_size=len(words), d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4)
    ).eval()
    vae = AutoencoderKL(
        sample_size=32, block_out_channels=(4, 8), layers_per_block=1, latent_channels=4,
        norm_num_groups=1, use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.0609,
        scaling_factor=1.5035, down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
    )  # fmt: skip
    pipeline = FluxKontextPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=clip_text(tokenizer),
        tokenizer=tokenizer, text_encoder_2=encoder, tokenizer_2=words, transformer=transformer,
        image_encoder=None, feature_extractor=None,
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


def klein(folder: Path) -> Path:
    """FLUX.2 klein of 92 thousand parameters."""
    from diffusers import (
        AutoencoderKLFlux2,
        FlowMatchEulerDiscreteScheduler,
        Flux2KleinPipeline,
        Flux2Transformer2DModel,
    )
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = qwen_tokenizer(
        "{% for m in messages %}<|im_start|>{{m.role}}\n{{m.content if m.content is string else "
        "m.content[0].text}}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>"
        "assistant\n{% endif %}"
    )
    torch.manual_seed(0)
    transformer = Flux2Transformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=16, timestep_guidance_channels=256,
        axes_dims_rope=[4, 4, 4, 4], guidance_embeds=False,
    )  # fmt: skip
    encoder = Qwen3ForCausalLM(
        Qwen3Config(
            intermediate_size=16, hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, head_dim=8, vocab_size=len(tokenizer),
            max_position_embeddings=512,
        )
    ).eval()  # fmt: skip
    vae = AutoencoderKLFlux2(
        sample_size=32, block_out_channels=(4, 8), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, latent_channels=4,
        norm_num_groups=1, use_quant_conv=False, use_post_quant_conv=False,
    )  # fmt: skip
    pipeline = Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=encoder,
        tokenizer=tokenizer, transformer=transformer,
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


def qwen_image_edit_plus(monkeypatch: Any) -> Any:
    """Qwen-Image-Edit-Plus of 4 million parameters, in memory: its processor cannot be loaded
    without torchvision. The pipeline's own picture sizes are made small.
    """
    import diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus as module
    from diffusers import (
        AutoencoderKLQwenImage,
        FlowMatchEulerDiscreteScheduler,
        QwenImageEditPlusPipeline,
        QwenImageTransformer2DModel,
    )
    from transformers import (
        Qwen2_5_VLForConditionalGeneration,
        Qwen2VLImageProcessorPil,
        Qwen2VLProcessor,
    )

    monkeypatch.setattr(module, "VAE_IMAGE_SIZE", 32 * 32)
    monkeypatch.setattr(module, "CONDITION_IMAGE_SIZE", 56 * 56)
    tokenizer = qwen_tokenizer()
    processor = image_only(Qwen2VLProcessor)(
        Qwen2VLImageProcessorPil(min_pixels=28 * 28, max_pixels=56 * 56), tokenizer
    )
    torch.manual_seed(0)
    transformer = QwenImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=32, guidance_embeds=False,
        axes_dims_rope=(8, 4, 4),
    )  # fmt: skip
    vae = AutoencoderKLQwenImage(
        base_dim=24, z_dim=4, dim_mult=[1, 2, 4], num_res_blocks=1,
        temperal_downsample=[False, True], latents_mean=[0.0] * 4, latents_std=[1.0] * 4,
    )  # fmt: skip
    encoder = Qwen2_5_VLForConditionalGeneration(qwen_config(tokenizer)).eval()
    return QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, text_encoder=encoder,
        tokenizer=tokenizer, processor=processor, transformer=transformer,
    )  # fmt: skip


KLEIN = {"height": 32, "width": 32, "max_sequence_length": 64, "text_encoder_out_layers": [1]}
KONTEXT = {
    "height": 32, "width": 32, "max_area": 1024, "max_sequence_length": 48, "_auto_resize": False,
}  # fmt: skip
EDITORS: dict[str, tuple[Callable[[Path], Path], dict[str, Any], dict[str, Any]]] = {
    "pix2pix": (pix2pix, {}, {"guidance_scale": 6.0, "image_guidance_scale": 1.5}),
    "kontext": (kontext, KONTEXT, {"guidance_scale": 2.5}),
    "klein": (klein, KLEIN, {"guidance_scale": 4.0}),
}
"""Pipeline, what every call is given, sampler settings beside two steps."""
